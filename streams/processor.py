"""Runs the analysis off the event loop, one filing at a time, and can let go of it."""

import asyncio
import traceback
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import Any

from schemas.filings import FilingSubmitted
from streams.analysis_port import Analysis, Report, Result
from streams.faults import AnalysisBroke


class Abandoned(Exception):
    """The filing in hand did not end within the drain time; it is somebody else's now."""


def _nothing() -> None:
    """Stop nothing: the analysis runs in this process, and can't be stopped."""


class Processor:
    """One thread for the analysis: on the event loop it would stop heartbeats and commits.

    Args:
        stop: stops the analysis in work, whose filing was let go of.
    """

    def __init__(self, analysis: Analysis, stop: Callable[[], None] = _nothing) -> None:
        self._analysis, self._stop = analysis, stop
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="analysis")
        self._abandon = asyncio.Event()

    async def run(
        self, filing: FilingSubmitted, report: Callable[[int], None], before: Callable[[int], None] | None = None
    ) -> Result:
        """The analysis's result.

        Args:
            report: called on the event loop as each step begins.
            before: called in the analysis's thread, before `report`; what it raises ends the analysis.

        Raises:
            Abandoned: see `abandon`.
            AnalysisBroke: the analysis raised what is no Exception, or its process says so of it.
            Whatever else the analysis and `before` raise.
        """
        loop = asyncio.get_running_loop()

        def report_in_loop(step: int) -> None:
            # A filing that was let go of is somebody else's, who says how far it is.
            if not abandoned.done():
                report(step)

        def report_step(step: int) -> None:
            if before is not None:
                before(step)
            loop.call_soon_threadsafe(report_in_loop, step)

        running = loop.run_in_executor(self._executor, self._contained, filing, report_step)
        # What a filing raises after it was let go of would be logged by asyncio, and may quote the document.
        running.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        abandoned = asyncio.ensure_future(self._abandon.wait())
        try:
            waiting: set[asyncio.Future[Any]] = {running, abandoned}
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                raise Abandoned
            return await running
        finally:
            abandoned.cancel()

    def _contained(self, filing: FilingSubmitted, report: Report) -> Result:
        try:
            return self._analysis(filing, report)
        except CancelledError as error:
            broke: BaseException = error
        except Exception:
            raise
        except BaseException as error:  # noqa: BLE001, raised below as what our callers catch
            broke = error
        # A panic of a library in Rust, or a cancellation within one. Faust takes the first for the end of an actor, and
        # the other for a rebalance: the next actor went on with the next filing, and this one was lost.
        raise AnalysisBroke(type(broke).__name__, "".join(traceback.format_tb(broke.__traceback__)))

    def abandon(self) -> None:
        """Let go of the filing in hand: `run` raises Abandoned, and its analysis is stopped if that is possible."""
        self._abandon.set()
        self._stop()

    def resume(self) -> None:
        """Take filings again, after a rebalance that did not end the process."""
        self._abandon.clear()
