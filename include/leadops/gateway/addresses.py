"""Who is calling: the address that a rate limit counts, and whether it is the company's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from leadops.normalization.own_networks import Address, Network, is_shared


@dataclass(frozen=True)
class CallerAddress:
    """Where a call comes from, as far as the trusted proxies say.

    `address` None: the connection's own is not an IP address. `is_proxy`: it is a trusted proxy, which names
    nobody. `speaks_for` is whom it names itself, which nobody has to believe.
    """

    peer: str
    address: Address | None
    is_proxy: bool
    speaks_for: Address | None

    @property
    def counted_as(self) -> str:
        """What a rate limit counts: an IPv4 address, or the /64 of an IPv6 one."""
        if self.address is None:
            return self.peer
        if isinstance(self.address, IPv6Address):
            return str(ip_network((self.address, 64), strict=False))  # a provider's customer has a whole /64
        return str(self.address)

    def is_own(self, networks: Sequence[Network]) -> bool | None:
        """Return whether the call comes from one of the company's `networks`; None: that is not known.

        It is not known without networks, from a shared address, from a trusted proxy itself, and from an
        address that speaks for somebody elsewhere: that is a proxy which `trusted_proxies` lacks, and behind
        it everybody would look like the company's own.
        """
        if not networks or self.address is None or self.is_proxy or is_shared(self.address):
            return None
        is_own = _lies_in(self.address, networks)
        if self.speaks_for is None or is_shared(self.speaks_for):  # an office's own proxy names private ones
            return is_own
        return True if is_own and _lies_in(self.speaks_for, networks) else None


def find_caller(peer: str, forwarded_for: Sequence[str], trusted: Sequence[Network]) -> CallerAddress:
    """Return where a connection from `peer` comes from.

    `forwarded_for` are the X-Forwarded-For headers. Read from the right, an entry is believed as long as the
    address that reported it is a `trusted` proxy; anybody could have written the rest.
    """
    client = _parse(peer)
    entries = [entry.strip() for header in forwarded_for for entry in header.split(",")]
    while client and entries and _lies_in(client, trusted):
        reported = _parse(entries.pop())
        if reported is None:
            break
        client = reported
    is_proxy = client is not None and _lies_in(client, trusted)
    return CallerAddress(peer, client, is_proxy, _parse(entries[-1]) if entries else None)


def _lies_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


def _parse(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
