"""Which networks a company may name, each bound alone."""

from ipaddress import ip_address

import pytest

from leadops.normalization.own_networks import is_shared, read_network


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("203.0.113.0/24", "203.0.113.0/24"),
        (" 203.0.113.7 ", "203.0.113.7/32"),
        ("9.0.0.0/8", "9.0.0.0/8"),
        ("2001:db8:10::/48", "2001:db8:10::/48"),
        ("2001:DB8::0001", "2001:db8::1/128"),
        ("2003::/16", "2003::/16"),
        ("::ffff:203.0.113.0/120", "203.0.113.0/24"),
        ("172.15.255.0/24", "172.15.255.0/24"),
        ("172.32.0.0/16", "172.32.0.0/16"),
    ],
)
def test_a_network_has_one_spelling(text: str, network: str) -> None:
    assert str(read_network(text)) == network


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0.0.0.0/0", "too many addresses"),
        ("::/0", "too many addresses"),
        ("128.0.0.0/1", "too many addresses"),
        ("8.0.0.0/7", "too many addresses"),
        ("2000::/15", "too many addresses"),
        ("::ffff:0:0/96", "too many addresses"),
        ("10.1.2.0/24", "private or reserved"),
        ("172.16.0.1", "private or reserved"),
        ("192.168.1.0/24", "private or reserved"),
        ("192.0.0.0/8", "private or reserved"),
        ("100.64.0.0/10", "private or reserved"),
        ("127.0.0.1", "private or reserved"),
        ("fd12::/48", "private or reserved"),
        ("::1", "private or reserved"),
        ("fe80::1", "private or reserved"),
        ("::ffff:10.0.0.1", "private or reserved"),
        ("203.0.113.7/24", "not a network"),
        ("203.0.113", "not a network"),
        ("office", "not a network"),
        ("", "not a network"),
    ],
)
def test_what_no_company_has_to_itself_is_refused_in_one_line(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        read_network(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "shared"),
    [
        ("10.0.0.1", True),
        ("100.127.255.255", True),
        ("100.128.0.0", False),
        ("127.0.0.1", True),
        ("203.0.113.7", False),
        ("224.0.0.1", True),
        ("223.255.255.255", False),
        ("::", True),
        ("::1", True),
        ("::2", False),
        ("fdff::1", True),
        ("2001:db8::1", False),
    ],
)
def test_shared_addresses_say_nothing(address: str, shared: bool) -> None:
    assert is_shared(ip_address(address)) is shared
