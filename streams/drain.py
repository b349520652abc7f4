"""What happens to the filing and the cancellation in work when partitions move or the worker ends."""

import asyncio
import logging
from dataclasses import dataclass

from streams.gate import ProcessorGate
from streams.processor import Processor

log = logging.getLogger(__name__)

_CANCELLATION_SECONDS = 5.0
"""Three acknowledgements; a cancellation that gets none is taken from its actor when its partition moves."""


@dataclass(frozen=True, slots=True)
class Drain:
    """Waits for the filing in work, up to `seconds`, and hands back what waits or does not end.

    Attributes:
        gate: the filings'.
        cancellations: the cancellations' gate. One in work takes milliseconds; while Kafka is away it is handed back.
    """

    gate: ProcessorGate
    cancellations: ProcessorGate
    processor: Processor
    seconds: float

    async def begin(self) -> None:
        """Let no filing and no cancellation start, and return once none is in work."""
        self.gate.close()
        self.cancellations.close()
        await asyncio.gather(self._filing(), self._cancellation())

    def end(self) -> None:
        """Let filings start again."""
        self.processor.resume()
        self.gate.open()
        self.cancellations.open()

    async def _filing(self) -> None:
        try:
            await asyncio.wait_for(self.gate.wait_idle(), self.seconds)
        except TimeoutError:
            log.warning("the filing in work did not end within %s s; it is handed back", self.seconds)
            self.processor.abandon()
            await self.gate.wait_idle()

    async def _cancellation(self) -> None:
        try:
            await asyncio.wait_for(self.cancellations.wait_idle(), _CANCELLATION_SECONDS)
        except TimeoutError:
            log.warning(
                "the cancellation in work was not acknowledged within %s s; it is handed back", _CANCELLATION_SECONDS
            )
