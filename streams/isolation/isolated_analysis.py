"""An analysis in a child process, which is killed if a filing takes too long or too much memory there.

A document that no test has seen may hang a parser, or make it take all memory. In the worker's own process that stops
heartbeats and commits, and takes the filings of others with it. In a child it costs its own filing alone.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from schemas.filings import FilingSubmitted
from streams.analysis_port import Analysis, AnalysisNotReady, Report, Result
from streams.faults import AnalysisBroke, AnalysisDied, TransientFault, WorkerBroken
from streams.isolation.analysis_process import AnalysisProcess
from streams.isolation.child import serve
from streams.isolation.messages import Broke, Faulted, Finished, NotReady, Permission, Ready, Step, Stopped
from streams.isolation.warm_process import WarmProcess

log = logging.getLogger(__name__)

_LOADING_SECONDS = 900.0
"""Longest load of the analysis. The first one on a machine converts the embedding model: up to 40 s when it is idle."""


class LetGo(Exception):
    """The analysis in work was killed, since the worker has handed its filing back."""


class IsolatedAnalysis:
    """An `Analysis` for one worker. One thread calls it; `abandon` may be called by another meanwhile.

    Args:
        load: loads the analysis, in the child.
        preload: imports what survives a fork, once for all children.
        seconds: what one analysis may take, without the time that the worker takes to permit its steps.
        memory_bytes: the resident memory that the child may have, the loaded analysis included.
    """

    def __init__(
        self, load: Callable[[], Analysis], *, preload: Callable[[], None], seconds: float, memory_bytes: int
    ) -> None:
        """Fork the warm process; to be called before the worker starts a thread."""
        self._seconds, self._memory_bytes = seconds, memory_bytes
        self._warm = WarmProcess(preload, lambda connection: serve(connection, load, memory_bytes))
        self._child: AnalysisProcess | None = None
        self._lock = threading.Lock()
        self._analysing: AnalysisProcess | None = None
        self._let_go = False

    def start(self) -> None:
        """Return once a child is ready to analyse.

        Raises:
            AnalysisNotReady: the analysis can't be had.
            AnalysisDied: the child died as it loaded the analysis.
        """
        self._ready_child()

    def __call__(self, filing: FilingSubmitted, report: Report) -> Result:
        """Analyse a filing in the child.

        Raises:
            PermanentFault, TransientFault: the analysis's.
            AnalysisDied: the child was killed at a limit, or died.
            AnalysisBroke: the analysis raised anything else.
            WorkerBroken: no child can be had any more.
            LetGo: see `abandon`.
            Whatever `report` raises, which ends the analysis at that step.
        """
        try:
            child = self._ready_child()
        except AnalysisNotReady as error:
            if error.transient:
                log.warning("the analysis can't be loaded: %s", error)
                raise TransientFault("The analysis can't be loaded: something that it needs is away.") from error
            raise WorkerBroken(str(error)) from error
        with self._in_work(child):
            child.send(filing)
            return self._result(child, report)

    def abandon(self) -> None:
        """Kill the analysis in work, if there is one: the call raises LetGo, and stores nothing from here on."""
        with self._lock:
            if self._analysing is not None:
                self._let_go = True
                self._analysing.kill()

    def close(self) -> None:
        """End the child and the warm process."""
        with suppress(WorkerBroken):  # the child has died with the warm process
            if self._child is not None:
                self._child.end()
        self._warm.close()

    def _ready_child(self) -> AnalysisProcess:
        if self._child is None or self._child.has_ended():
            self._child = AnalysisProcess(self._warm, self._memory_bytes)
        child = self._child
        if not child.ready:
            match child.receive(within=_LOADING_SECONDS):
                case Ready():
                    child.ready = True
                case NotReady(reason, transient):
                    child.end()
                    raise AnalysisNotReady(reason, transient=transient)
        return child

    @contextmanager
    def _in_work(self, child: AnalysisProcess) -> Iterator[None]:
        with self._lock:
            self._analysing, self._let_go = child, False
        try:
            yield
        except AnalysisDied:
            if not self._let_go:
                # Its successor loads while the worker publishes the filing's end.
                self._child = AnalysisProcess(self._warm, self._memory_bytes)
                raise
            raise LetGo from None
        finally:
            with self._lock:
                self._analysing = None

    def _result(self, child: AnalysisProcess, report: Report) -> Result:
        left = self._seconds
        while True:
            asked_at = time.monotonic()
            answer = child.receive(within=left)
            left -= time.monotonic() - asked_at
            match answer:
                case Step(number):
                    try:
                        report(number)
                    except BaseException:
                        self._stop(child)
                        raise
                    child.send(Permission.GO_ON)
                case Finished(result):
                    return result
                case Faulted(fault):
                    raise fault
                case Broke(exception, frames):
                    raise AnalysisBroke(exception, frames)
                case _:
                    child.end()
                    raise WorkerBroken(f"an analysis process answered with {type(answer).__name__}")

    def _stop(self, child: AnalysisProcess) -> None:
        """Have the child end its analysis; one that does not is killed, and the next filing gets another child."""
        with suppress(AnalysisDied):
            child.send(Permission.STOP)
            if isinstance(child.receive(within=self._seconds), Stopped):
                return
            child.end()
