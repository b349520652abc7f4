"""What happens to the filing in work when partitions move or the worker ends."""

import asyncio
import logging
from dataclasses import dataclass

from streams.gate import ProcessorGate
from streams.processor import Processor

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Drain:
    """Waits for the filing in work, up to `seconds`, and hands back what waits or does not end."""

    gate: ProcessorGate
    processor: Processor
    seconds: float

    async def begin(self) -> None:
        """Let no filing start, and return once none is in work."""
        self.gate.close()
        try:
            await asyncio.wait_for(self.gate.wait_idle(), self.seconds)
        except TimeoutError:
            log.warning("the filing in work did not end within %s s; it is handed back", self.seconds)
            self.processor.abandon()
            await self.gate.wait_idle()

    def end(self) -> None:
        """Let filings start again."""
        self.processor.resume()
        self.gate.open()
