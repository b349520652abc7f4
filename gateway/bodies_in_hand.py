"""How many bytes of submissions a gateway holds: while Kafka is slow, all that come would wait in its memory."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


class Overloaded(Exception):
    """Other submissions, or others of the same key, fill the room."""


def share_of_a_key(limit: int) -> int:
    """Bytes that all bodies of one key may have together: a third, so that one key never fills the room."""
    return limit // 3


def share_of_a_body(limit: int) -> int:
    """Bytes that one body may have while its key has no other in hand: two thirds, which a batch may need.

    A third stays for the other keys.
    """
    return limit * 2 // 3


class BodiesInHand:
    """Counts bytes by key up to a limit; safe to call from any thread.

    Args:
        limit: bytes that all bodies together may have. The gateway needs several times as much memory: it holds a
            document as bytes, as text, and as the event.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken = 0
        self._by_owner: Counter[str] = Counter()
        # A body is unpacked in a thread of its own.
        self._lock = threading.Lock()

    @contextmanager
    def hold(self, owner: str) -> Iterator["Hold"]:
        """Room for one submission of the key `owner`, which is free again at the end of the `with` block."""
        hold = Hold(self, owner)
        try:
            yield hold
        finally:
            self._release(hold)

    def take(self, hold: "Hold", size: int) -> None:
        """Add `size` bytes to a hold.

        Raises:
            Overloaded: if the room or the key's share of it is full; nothing is taken then.
        """
        with self._lock:
            of_owner = self._by_owner[hold.owner] + size
            is_alone = of_owner == hold.taken + size
            share = share_of_a_body(self._limit) if is_alone else share_of_a_key(self._limit)
            if of_owner > share or self._taken + size > self._limit:
                raise Overloaded
            self._taken += size
            self._by_owner[hold.owner] = of_owner
            hold.taken += size

    def _release(self, hold: "Hold") -> None:
        with self._lock:
            self._taken -= hold.taken
            self._by_owner[hold.owner] -= hold.taken
            if not self._by_owner[hold.owner]:
                del self._by_owner[hold.owner]

    @property
    def taken(self) -> int:
        """Bytes in hand now."""
        return self._taken


@dataclass(slots=True)
class Hold:
    """The room of one submission."""

    bodies: BodiesInHand
    owner: str
    taken: int = 0

    def take(self, size: int) -> None:
        """Take `size` bytes more; raises as `BodiesInHand.take`."""
        self.bodies.take(self, size)
