"""Which addresses a webhook may go to: those of the public internet, whatever an IPv6 address hides inside."""

from ipaddress import IPv4Address, IPv6Address, ip_network

from transport.allowed_receivers import Address

# By the IANA registries of special-purpose addresses, and written out: `is_global` of Python's own changes by version.
_REFUSED_IPV4 = [
    ip_network(network)
    for network in (
        "0.0.0.0/8",  # unspecified, "this network"
        "10.0.0.0/8",
        "100.64.0.0/10",  # between a provider and its customers; a cloud's metadata, too
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud's host agent, on a public address
        "169.254.0.0/16",  # link-local: where clouds serve metadata and credentials
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments; a cloud's metadata, too
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",  # benchmarks of networks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
]
_PUBLIC_IPV6 = ip_network("2000::/3")
"""All that is assigned for the internet; loopback, link-local, unique local, multicast and the rest lie outside."""
_REFUSED_IPV6 = [
    ip_network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2620:4f:8000::/48",
        "3fff::/20",  # documentation
    )
]
_NAT64 = ip_network("64:ff9b::/96")


def may_be_called(address: Address) -> bool:
    """Whether an address is of the public internet."""
    if isinstance(address, IPv6Address):
        inside = _ipv4_inside(address)
        if inside is None:
            return address in _PUBLIC_IPV6 and not any(address in network for network in _REFUSED_IPV6)
        address = inside
    return not any(address in network for network in _REFUSED_IPV4)


def _ipv4_inside(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that packets to this one end at: mapped, behind a NAT64, or of a 6to4 network."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
