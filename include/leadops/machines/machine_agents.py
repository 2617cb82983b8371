"""Which user agents of mail acts are machines': the list of crawler-user-agents and own patterns."""

import re
from functools import lru_cache
from importlib.metadata import version

from crawleruseragents import is_crawler

from leadops.machines.machine_settings import AgentSignal


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
