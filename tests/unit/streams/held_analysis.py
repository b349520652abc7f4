"""An analysis that a test holds at one of its steps."""

import asyncio
import threading

from schemas.filings import FilingSubmitted
from streams.analysis_port import Report, Result
from streams.incoming import FilingRecord
from tests.unit.streams.worker import (
    RESULT,
    Worker,
    an_event,
)


class Held:
    """An analysis that waits behind one of its steps until the test lets it go; stores in the fifth."""

    def __init__(self, step: int = 1, fault: Exception | None = None) -> None:
        self.reached, self.let_go, self.left = threading.Event(), threading.Event(), threading.Event()
        self.stored = 0
        self._step, self._fault = step, fault

    def __call__(self, _filing: FilingSubmitted, report: Report) -> Result:
        try:
            for step in range(1, 6):
                report(step)
                if step == 5:
                    self.stored += 1
                if step == self._step:
                    self.reached.set()
                    assert self.let_go.wait(10)
                    if self._fault is not None:
                        raise self._fault
        finally:
            self.left.set()
        return RESULT


async def in_work(worker: Worker, analysis: Held, event: FilingRecord | None = None) -> "asyncio.Task[None]":
    """A filing, in work and held at its step; the owner's first attempt unless another is given."""
    processing = asyncio.create_task(worker.process(event or an_event()))
    assert await asyncio.to_thread(analysis.reached.wait, 10)
    return processing
