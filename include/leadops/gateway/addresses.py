"""Who is calling: the address that a rate limit counts."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address


def client_address(
    peer: str, forwarded_for: Sequence[str], trusted: Sequence[IPv4Network | IPv6Network]
) -> str:
    """Return whom to count a connection from `peer` for: an IPv4 address, or the /64 of an IPv6 one.

    `forwarded_for` are the X-Forwarded-For headers. Read from the right, an entry is believed as long as the
    address that reported it is a `trusted` proxy; anybody could have written the rest.
    """
    client = _parse(peer)
    entries = [entry.strip() for header in forwarded_for for entry in header.split(",")]
    while client and entries and any(client in network for network in trusted):
        reported = _parse(entries.pop())
        if reported is None:
            break
        client = reported
    if client is None:
        return peer
    if isinstance(client, IPv6Address):
        return str(ip_network((client, 64), strict=False))  # one customer of a provider has a whole /64
    return str(client)


def _parse(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
