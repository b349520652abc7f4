"""Receivers of webhooks that an operator allows beyond the rule: on private addresses, and without TLS."""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

_HOST_AND_PORT = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9._-]+))(?::(?P<port>[0-9]{1,5}))?")

Address = IPv4Address | IPv6Address


class AllowedReceivers:
    """The allow-list; an empty one allows nothing beyond the rule.

    Args:
        entries: each `host`, `host:port`, an address or a CIDR network.

    Raises:
        ValueError: naming the entry that is none of these.
    """

    def __init__(self, entries: Sequence[str]) -> None:
        self._networks: list[IPv4Network | IPv6Network] = []
        self._names: set[tuple[str, int | None]] = set()
        for entry in entries:
            self._add(entry)

    def names(self, host: str, port: int) -> bool:
        """Whether a URL's host is allowed as it stands there, whatever it resolves to."""
        host = host.lower()
        if {(host, None), (host, port)} & self._names:
            return True
        try:
            return self.holds(ip_address(host))
        except ValueError:
            return False

    def holds(self, address: Address) -> bool:
        """Whether an address is in one of the networks."""
        return any(address in network for network in self._networks)

    def _add(self, entry: str) -> None:
        try:
            self._networks.append(ip_network(entry, strict=False))
            return
        except ValueError:
            found = _HOST_AND_PORT.fullmatch(entry)
        if found is None:
            raise ValueError(f"{entry!r} is no host, host:port, address or network")
        port = found["port"]
        self._names.add(((found["v6"] or found["name"]).lower(), None if port is None else int(port)))
