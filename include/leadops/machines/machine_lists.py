"""Which user agents and networks are machines': the shipped lists, and own ones.

`make networks` writes the list of networks again; the file says its date, its licence and who published what.
"""

import json
import re
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from importlib.metadata import version
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from crawleruseragents import is_crawler

from leadops.machines.machine_settings import AgentSignal, NetworkSignal


@lru_cache(maxsize=4096)
def is_machine_agent(agent: str, signal: AgentSignal) -> bool:
    """Return whether the user agent of an open or a click is a machine's; `signal.never` decides first.

    The list's some 600 patterns cost about 0.2 ms, so answers are remembered.
    """
    if any(re.search(pattern, agent, re.IGNORECASE) for pattern in signal.never):
        return False
    return any(re.search(pattern, agent, re.IGNORECASE) for pattern in signal.also) or is_crawler(agent)


def name_agent_list() -> str:
    """Return the list's name and version: with another version all acts are classified again."""
    return f"crawler-user-agents {version('crawler-user-agents')}"


#: Beside this module.
LIST_FILE = Path(__file__).with_name("crawler_networks.json")


@dataclass(frozen=True)
class CrawlerList:
    """What an operator publishes as the networks of a crawler; `source` is where."""

    operator: str
    crawler: str
    source: str
    networks: tuple[str, ...]


@dataclass(frozen=True)
class NetworkList:
    """The shipped lists, as they were on `date`."""

    date: date
    licence: str
    data_set: str
    crawlers: tuple[CrawlerList, ...]


@cache
def read_network_list() -> NetworkList:
    """Return the shipped list."""
    content = json.loads(LIST_FILE.read_text(encoding="utf-8"))
    crawlers = (
        CrawlerList(**listed | {"networks": tuple(listed["networks"])}) for listed in content["lists"]
    )
    return NetworkList(
        date.fromisoformat(content["date"]), content["licence"], content["data_set"], tuple(crawlers)
    )


@cache
def list_machine_networks(signal: NetworkSignal) -> list[str]:
    """Return the networks of machines: own ones, and the shipped ones that do not overlap `signal.never`."""
    own = [str(network) for network in signal.networks]
    if not signal.crawlers:
        return own
    listed = [ip_network(text) for crawler in read_network_list().crawlers for text in crawler.networks]
    never = [ip_network(str(network)) for network in signal.never]
    return own + [str(network) for network in listed if not any(_overlaps(network, other) for other in never)]


def name_network_list() -> str:
    """Return the list's name and date: with another date all acts are classified again."""
    return f"crawler networks {read_network_list().date}"


def _overlaps(network: IPv4Network | IPv6Network, other: IPv4Network | IPv6Network) -> bool:
    return network.version == other.version and network.overlaps(other)
