"""A slot: the processor's, one filing at a time a process, priority filings first; and another for cancellations."""

import asyncio
import contextlib
import heapq
import itertools
from collections.abc import AsyncIterator


class ProcessorGate:
    """Hands the one slot to who waits: the priority lane first, then in the order of coming.

    While it is closed (a rebalance, a drain) nobody new gets the slot: the partition of one who waits may be moving
    to another worker, which would start the same filing.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[bool, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._busy = False
        self._open = True
        self._idle = asyncio.Event()
        self._idle.set()

    @contextlib.asynccontextmanager
    async def slot(self, *, priority: bool) -> AsyncIterator[None]:
        """Wait for the slot and hold it."""
        await self._acquire(priority=priority)
        try:
            yield
        finally:
            self._busy = False
            self._idle.set()
            self._hand_on()

    def close(self) -> None:
        """Let nobody new in."""
        self._open = False

    def open(self) -> None:
        """Let the next one in again."""
        self._open = True
        self._hand_on()

    async def wait_idle(self) -> None:
        """Return once nobody holds the slot."""
        await self._idle.wait()

    async def _acquire(self, *, priority: bool) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (not priority, next(self._order), turn))
        self._hand_on()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # the slot came together with the cancellation: pass it on
                self._busy = False
                self._idle.set()
                self._hand_on()
            raise

    def _hand_on(self) -> None:
        while self._open and not self._busy and self._waiting:
            *_, turn = heapq.heappop(self._waiting)
            if not turn.done():
                self._busy = True
                self._idle.clear()
                turn.set_result(None)
