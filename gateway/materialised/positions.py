"""How far one topic's rows are, and who waits for them to get further."""

import asyncio
import threading
from collections.abc import Mapping

from gateway.materialised.end_offsets import Offsets


class Positions:
    """The offsets behind the last records that are in the rows; moved by the follower's thread, read by any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._offsets: Offsets = {}
        self._waiting: dict[asyncio.Future[None], Offsets] = {}

    def now(self) -> Offsets:
        """Partition -> offset of the next record to read."""
        with self._lock:
            return dict(self._offsets)

    def behind(self, ends: Mapping[int, int]) -> bool:
        """Whether records before these ends are missing."""
        with self._lock:
            return self._behind(ends)

    def move(self, offsets: Offsets) -> None:
        """The rows are as far as this; those who waited for it go on. Empty: the rows are no more."""
        with self._lock:
            self._offsets = dict(offsets)
            reached = [future for future, ends in self._waiting.items() if not self._behind(ends)]
        for future in reached:
            loop = future.get_loop()
            if not loop.is_closed():
                loop.call_soon_threadsafe(_finish, future)

    async def reach(self, ends: Mapping[int, int]) -> None:
        """Return once no record before these ends is missing."""
        reached: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._lock:
            if not self._behind(ends):
                return
            self._waiting[reached] = dict(ends)
        try:
            await reached
        finally:
            # Also where its deadline has passed: while a disk is full nothing moves, and each who asked in vain would
            # be held until something does.
            with self._lock:
                del self._waiting[reached]

    def _behind(self, ends: Mapping[int, int]) -> bool:
        return any(self._offsets.get(partition, 0) < end for partition, end in ends.items())


def _finish(future: "asyncio.Future[None]") -> None:
    if not future.done():  # its reader's deadline may have passed meanwhile
        future.set_result(None)
