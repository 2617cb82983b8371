"""The networks of a company's offices: which may be named, and what is not the address of anybody."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: The shortest prefix of a network that a company may have, by the version of IP. 0.0.0.0/0 is everybody.
SHORTEST_PREFIX = {4: 8, 6: 16}
#: Addresses that many share, or that only proxies and machines beside the gateway have: private and
#: carrier-grade (RFC 1918, 6598, 4193), loopback, link-local, multicast, reserved.
SHARED_NETWORKS: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.168.0.0/16", "224.0.0.0/3", "::/127", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
    )
)
#: IPv4 addresses, written as IPv6 ones.
_MAPPED = IPv6Network("::ffff:0:0/96")


def read_network(text: str) -> Network:
    """Return the network that `text` names: an address, or one with a prefix, of IPv4 or IPv6.

    An IPv4-mapped IPv6 network is the IPv4 one. Raises ValueError, in one line, for what no company has to
    itself.
    """
    try:
        network: Network = ip_network(text.strip())
    except ValueError as error:
        raise ValueError(f"{text!r} is not a network such as 203.0.113.0/24 or 2001:db8:10::/48") from error
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        packed = network.network_address.packed[12:]
        network = IPv4Network((packed, network.prefixlen - _MAPPED.prefixlen))
    if network.prefixlen < SHORTEST_PREFIX[network.version]:
        shortest = SHORTEST_PREFIX[network.version]
        raise ValueError(
            f"{text!r} has too many addresses for a company; name a prefix of /{shortest} or longer"
        )
    if any(_overlap(network, shared) for shared in SHARED_NETWORKS):
        raise ValueError(
            f"{text!r} holds private or reserved addresses; name the public address by which the office or"
            " VPN reaches the internet"
        )
    return network


def is_shared(address: Address) -> bool:
    """Return whether an address says nothing about whose it is: private, reserved, or of this machine."""
    return any(address in network for network in SHARED_NETWORKS)


def _overlap(network: Network, other: Network) -> bool:
    if isinstance(network, IPv4Network) and isinstance(other, IPv4Network):
        return network.overlaps(other)
    return isinstance(network, IPv6Network) and isinstance(other, IPv6Network) and network.overlaps(other)
