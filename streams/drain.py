"""What happens to the filing and the cancellation in work when partitions move or the worker ends."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from streams.gate import ProcessorGate
from streams.processor import Processor

log = logging.getLogger(__name__)

_CANCELLATION_SECONDS = 5.0
"""Three acknowledgements; a cancellation that gets none is taken from its actor when its partition moves."""
_CATCH_UP_SECONDS = 10.0
"""An end of the topic that is no event, as a transaction leaves one, would hold the filings up for ever."""


class Drain:
    """Waits for the filing in work, up to `seconds`, and hands back what waits or does not end.

    Args:
        gate: the filings'.
        cancellations: the cancellations' gate.
        seconds: how long the filing in work may take.
    """

    def __init__(self, gate: ProcessorGate, cancellations: ProcessorGate, processor: Processor, seconds: float) -> None:
        self._gate, self._cancellations, self._processor, self._seconds = gate, cancellations, processor, seconds
        self._opening: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Let no filing and no cancellation start, and return once none is in work."""
        if self._opening is not None:
            self._opening.cancel()
        self._gate.close()
        self._cancellations.close()
        await asyncio.gather(self._filing(), self._cancellation())

    def end(self, caught_up: Callable[[], Awaitable[None]]) -> None:
        """Let cancellations start again, and filings once `caught_up` returns.

        Lanes and cancellations are read side by side: what was cancelled while no worker had it would be begun first.
        """
        self._processor.resume()
        self._cancellations.open()
        self._gate.close()
        self._opening = asyncio.create_task(self._open(caught_up))

    async def _open(self, caught_up: Callable[[], Awaitable[None]]) -> None:
        try:
            async with asyncio.timeout(_CATCH_UP_SECONDS):
                await caught_up()
        except Exception as error:
            # Filings that were cancelled stop at their next step then.
            log.warning("filings begin before all cancellations are read: %r", error)
        self._gate.open()

    async def _filing(self) -> None:
        try:
            await asyncio.wait_for(self._gate.wait_idle(), self._seconds)
        except TimeoutError:
            log.warning("the filing in work did not end within %s s; it is handed back", self._seconds)
            self._processor.abandon()
            await self._gate.wait_idle()

    async def _cancellation(self) -> None:
        try:
            await asyncio.wait_for(self._cancellations.wait_idle(), _CANCELLATION_SECONDS)
        except TimeoutError:
            log.warning("the cancellation in work was not acknowledged in time; it is handed back")
