"""A slot: the processor's, priority filings first and standard ones not last for ever; or the one of cancellations."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

PRIORITY_IN_A_ROW = 4
"""After as many a standard filing that waits is next: under constant priority load the standard lane keeps a fifth of
the slots, where it would get none."""


_REMEMBERED_OWNERS = 1000
"""Whose last turn is remembered, at most: owners come from outside, and would fill the memory one by one."""


@dataclass(frozen=True, slots=True)
class _Turn:
    given: asyncio.Future[None]
    owner: str | None


class ProcessorGate:
    """Hands the one slot to a filing that waits: the priority lane first, within a lane the owners by turns.

    Of one lane's filings the next is of the owner whose last turn is longest ago, and of one owner's filings the one
    that came first. So an owner with filings in many partitions holds up another one's by one filing, not by all.

    The priority filings in a row are counted whether or not a standard one waits. One that comes from the only
    partition that has any is there a moment after the slot was handed on, and would else wait for five.

    While it is closed (a rebalance, a drain) nobody new gets the slot: the partition of one who waits may be moving
    to another worker, which would start the same filing.
    """

    def __init__(self) -> None:
        self._priority: list[_Turn] = []
        self._standard: list[_Turn] = []
        self._last_turns: dict[str | None, None] = {}
        """Owners by their last turn, the longest ago first."""
        self._priority_in_a_row = 0
        self._busy = False
        self._open = True
        self._idle = asyncio.Event()
        self._idle.set()

    @contextlib.asynccontextmanager
    async def slot(self, *, priority: bool, owner: str | None = None) -> AsyncIterator[None]:
        """Wait for the slot and hold it. An `owner` of None is one as well: all upstreams together."""
        await self._acquire(priority=priority, owner=owner)
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

    async def _acquire(self, *, priority: bool, owner: str | None) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        (self._priority if priority else self._standard).append(_Turn(turn, owner))
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
            lane[:] = [turn for turn in lane if not turn.given.done()]  # a cancelled filing waits no more
            if lane:
                self._priority_in_a_row = self._priority_in_a_row + 1 if lane is self._priority else 0
                return self._taken_from(lane)
        return None

    def _taken_from(self, lane: list[_Turn]) -> asyncio.Future[None]:
        """The turn of the owner who has waited longest since its last one, of a lane that is not empty."""
        ranks = {owner: rank for rank, owner in enumerate(self._last_turns)}
        place = min(range(len(lane)), key=lambda place: ranks.get(lane[place].owner, -1))
        turn = lane.pop(place)
        self._last_turns.pop(turn.owner, None)
        self._last_turns[turn.owner] = None
        if len(self._last_turns) > _REMEMBERED_OWNERS:
            del self._last_turns[next(iter(self._last_turns))]
        return turn.given
