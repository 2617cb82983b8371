from ipaddress import ip_network

import pytest

from leadops.gateway.addresses import find_caller

PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8"), ip_network("203.0.113.250/32")]
OWN = [ip_network("203.0.113.0/24"), ip_network("203.0.113.128/25"), ip_network("2001:db8:10::/48")]


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6", "198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["nonsense"], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("::ffff:203.0.113.9", [], "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", [], "2001:db8:1:2::/64"),
        ("fd00::1", ["2001:db8:1:2::9"], "2001:db8:1:2::/64"),
        ("unknown", ["198.51.100.1"], "unknown"),
    ],
)
def test_who_is_counted(peer: str, forwarded_for: list[str], client: str) -> None:
    assert find_caller(peer, forwarded_for, PROXIES).counted_as == client


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "is_own"),
    [
        ("203.0.113.9", [], True),
        ("203.0.113.200", [], True),  # in both of two networks that overlap
        ("203.0.112.255", [], False),
        ("::ffff:203.0.113.9", [], True),
        ("2001:db8:10:ffff::1", [], True),
        ("2001:db8:11::1", [], False),
        ("10.0.0.1", ["203.0.113.9"], True),
        ("10.0.0.1", ["::ffff:203.0.113.9"], True),
        ("10.0.0.1", ["198.51.100.1"], False),
        ("fd00::1", ["2001:db8:10::9"], True),
        # The proxy's own address, private ones, and no address at all.
        ("10.0.0.1", [], None),
        ("10.0.0.1", ["nonsense"], None),
        ("203.0.113.250", [], None),
        ("192.168.1.7", [], None),
        ("10.0.0.1", ["192.168.1.7"], None),
        ("127.0.0.1", [], None),
        ("unknown", [], None),
        # A proxy that nobody trusts, in an own network and elsewhere; it may well be the office's own.
        ("203.0.113.9", ["198.51.100.1"], None),
        ("198.51.100.9", ["203.0.113.9"], None),
        ("203.0.113.9", ["203.0.113.77"], True),
        ("203.0.113.9", ["192.168.1.7"], True),
        ("203.0.113.9", ["nonsense"], True),
        ("10.0.0.1", ["192.168.1.7, 203.0.113.9"], True),
        ("10.0.0.1", ["198.51.100.1, 203.0.113.9"], None),
    ],
)
def test_who_is_one_of_our_own(peer: str, forwarded_for: list[str], is_own: bool | None) -> None:
    assert find_caller(peer, forwarded_for, PROXIES).is_own(OWN) is is_own


def test_without_networks_nothing_is_known() -> None:
    assert find_caller("203.0.113.9", [], PROXIES).is_own([]) is None
