"""Counts connections, in all and by address; a full registry gives up the oldest one that waits for its client."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

_CHECK_SECONDS = 1.0
"""Seconds between two checks of all connections: how much later than its limit one ends. 4,096 take milliseconds."""


class Connection(Protocol):
    """A connection as the registry knows it."""

    def give_up(self) -> None:
        """End it at once."""

    def check(self, now: float) -> None:
        """End it if its client is late; `now` is the event loop's clock, in seconds."""


@dataclass(slots=True)
class _Address:
    open: set[Connection] = field(default_factory=set)
    waiting: dict[Connection, None] = field(default_factory=dict)
    """Those without a request under way, the one that waits longest first."""


class Registry:
    """All connections of one port.

    Args:
        total: connections in all.
        per_address: connections of one address.
    """

    def __init__(self, total: int, per_address: int) -> None:
        self._total, self._per_address = total, per_address
        self._count = 0
        self._by_address: defaultdict[str, _Address] = defaultdict(_Address)

    @property
    def count(self) -> int:
        """Open connections."""
        return self._count

    def open(self, address: str, connection: Connection) -> bool:
        """Add a connection, which waits for its client; False if there is no room for it, and none can be made.

        A silent connection makes room for a new one: else whoever opens many of them would lock out all others.
        """
        of_address = self._by_address[address]
        if len(of_address.open) >= self._per_address:
            if not self._make_room(address):
                return False
        elif self._count >= self._total and not self._make_room(self._largest()):
            if not of_address.open:
                del self._by_address[address]
            return False
        # It may have gone with its last connection, which made room.
        of_address = self._by_address[address]
        of_address.open.add(connection)
        of_address.waiting[connection] = None
        self._count += 1
        return True

    def waits(self, address: str, connection: Connection) -> None:
        """The gateway waits for the next request of this connection."""
        self._by_address[address].waiting[connection] = None

    def works(self, address: str, connection: Connection) -> None:
        """A request of this connection is under way."""
        self._by_address[address].waiting.pop(connection, None)

    def close(self, address: str, connection: Connection) -> None:
        """Forget a connection; harmless if it is forgotten already."""
        of_address = self._by_address.get(address)
        if of_address is None or connection not in of_address.open:
            return
        of_address.open.discard(connection)
        of_address.waiting.pop(connection, None)
        self._count -= 1
        if not of_address.open:
            del self._by_address[address]

    def check(self, now: float) -> None:
        """Have every connection end whose client is late."""
        for connection in [each for address in self._by_address.values() for each in address.open]:
            connection.check(now)

    def _largest(self) -> str:
        # The one that waits longest anywhere may be an honest client's, while one address has opened most of them.
        waiting = (address for address, of_address in self._by_address.items() if of_address.waiting)
        return max(waiting, key=lambda address: len(self._by_address[address].open), default="")

    def _make_room(self, address: str) -> bool:
        of_address = self._by_address.get(address)
        oldest = next(iter(of_address.waiting), None) if of_address else None
        if oldest is None:
            return False
        self.close(address, oldest)
        oldest.give_up()
        return True


async def check_connections(registries: Sequence[Registry]) -> None:
    """Check all connections again and again, until it is cancelled."""
    now = asyncio.get_running_loop().time
    while True:
        await asyncio.sleep(_CHECK_SECONDS)
        for registry in registries:
            registry.check(now())
