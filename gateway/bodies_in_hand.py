"""How many bytes of submissions a gateway holds: while Kafka is slow, all that come would wait in its memory."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


class Overloaded(Exception):
    """The bodies of other submissions fill the room."""


class BodiesInHand:
    """Counts bytes up to a limit; any thread may.

    Args:
        limit: what all bodies together may have. The gateway needs several times as much memory: a document is in it as
            bytes, as text, and as the event.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken = 0
        # A body is unpacked in a thread of its own.
        self._lock = threading.Lock()

    @contextmanager
    def hold(self) -> Iterator["Hold"]:
        """Room for one submission, which is free again at the end of the `with` block."""
        hold = Hold(self)
        try:
            yield hold
        finally:
            self.change(-hold.taken)

    def change(self, size: int) -> None:
        """Take so many bytes, or give them back where it is below zero.

        Raises:
            Overloaded: where there is no room; nothing is taken then.
        """
        with self._lock:
            if size > 0 and self._taken + size > self._limit:
                raise Overloaded
            self._taken += size

    @property
    def taken(self) -> int:
        """Bytes in hand now."""
        return self._taken


@dataclass(slots=True)
class Hold:
    """The room of one submission."""

    bodies: BodiesInHand
    taken: int = 0

    def take(self, size: int) -> None:
        """Take so many bytes more.

        Raises:
            Overloaded: where there is no room.
        """
        self.bodies.change(size)
        self.taken += size
