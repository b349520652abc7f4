"""A slot: the processor's, priority filings first and standard ones not last for ever; or the one of cancellations."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator

PRIORITY_IN_A_ROW = 4
"""After as many a standard filing that waits is next: under constant priority load the standard lane keeps a fifth of
the slots, where it would get none."""


class ProcessorGate:
    """Hands the one slot to who waits: the priority lane first, within a lane in the order of coming.

    The priority filings in a row are counted whether or not a standard one waits. One that comes from the only
    partition that has any is there a moment after the slot was handed on, and would else wait for five.

    While it is closed (a rebalance, a drain) nobody new gets the slot: the partition of one who waits may be moving
    to another worker, which would start the same filing.
    """

    def __init__(self) -> None:
        self._priority: deque[asyncio.Future[None]] = deque()
        self._standard: deque[asyncio.Future[None]] = deque()
        self._priority_in_a_row = 0
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
        (self._priority if priority else self._standard).append(turn)
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
        if self._open and not self._busy and (turn := self._next()) is not None:
            self._busy = True
            self._idle.clear()
            turn.set_result(None)

    def _next(self) -> asyncio.Future[None] | None:
        lanes = [self._priority, self._standard]
        if self._priority_in_a_row >= PRIORITY_IN_A_ROW:
            lanes.reverse()
        for lane in lanes:
            while lane:
                turn = lane.popleft()
                if not turn.done():  # who was cancelled waits no more
                    self._priority_in_a_row = self._priority_in_a_row + 1 if lane is self._priority else 0
                    return turn
        return None
