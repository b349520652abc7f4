"""The life of one filing event in a worker: read, start, analyse, end; in the order that makes a crash harmless.

Numbered, since the order is the guarantee:
  0. an event whose owner no gateway has signed is refused;
  1. an event of a task that has ended, or of an earlier attempt, is skipped; one under another owner's id is refused;
  2. it waits for the processor slot;
  3. the start is counted, and the count acknowledged, before work begins: a filing that kills its worker is found out;
  4. the analysis runs; before it stores, this is marked, and the mark acknowledged: until then the task can be
     cancelled (`cancelling`), and is ended here at its next step;
  5. the result, then the status, then the webhook, then the end in the Table, each acknowledged;
     or, where something was away: the next attempt's event, then the status, then the attempt in the Table;
  6. only then does the event end, and its offset may be committed.
A crash between any two repeats work and never an effect: what is published again has the same ids.
"""

import asyncio
import contextlib
import itertools
import logging
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from schemas.dead_letters import Death
from schemas.tasks import MAX_ATTEMPTS, WAITING, TaskError, expired, in_step
from streams.analysis_port import Result
from streams.faults import AnalysisBroke, AnalysisDied, PermanentFault, TransientFault, WorkerBroken
from streams.gate import ProcessorGate
from streams.in_hand import InHand, StepGuard
from streams.incoming import FilingEvent, FilingRecord, UndecodableFiling, decode_filing
from streams.metrics import WorkerMetrics
from streams.outcomes import Outcomes, ResultTooLarge
from streams.processor import Abandoned, Processor
from streams.task_memory import Cancelled, TaskMemory
from transport.owner_signatures import OwnerSignatures
from transport.publisher import EventTooLarge

log = logging.getLogger(__name__)

MAX_STARTS = 3
"""A filing that was started as often without an end has killed its workers; it gets no further one."""


@dataclass(frozen=True, slots=True)
class FilingLife:
    """Takes filing events through their life, for one worker.

    Attributes:
        retry_delays: how long the second and each later attempt waits.
        lane_retention: an event that is older is not begun any more: the janitor may have said that it has expired.
    """

    memory: TaskMemory
    outcomes: Outcomes
    gate: ProcessorGate
    in_hand: InHand
    processor: Processor
    metrics: WorkerMetrics
    retry_delays: Sequence[timedelta]
    lane_retention: timedelta
    now: Callable[[], datetime]
    signatures: OwnerSignatures

    async def process(self, record: FilingRecord) -> None:
        """Take one event to its end.

        Raises:
            Abandoned: the filing was handed back; its event must stay uncommitted.
        """
        try:
            event = decode_filing(record)
        except UndecodableFiling as error:
            await self._dead_letter(record, Death("undecodable", str(error), type(error).__name__))
            return
        if not await self.signatures.vouch_for(record.headers, record.value):
            # Before anything is remembered: the owner that it names may have a task of that id.
            await self._dead_letter(record, Death("unsigned_owner", "No gateway has signed whose it is."))
            return
        if await self._is_over(record, event):
            return
        async with self.gate.slot(priority=record.priority, owner=event.owner):
            # Asked again: the same event may have come on the other lane, and ended while this one waited.
            if not await self._is_over(record, event):
                run = _Run(event, self.outcomes, self.memory, started_at=self.now())
                with self.in_hand.filing(event, run.guard):
                    await self._work_on(record, run)

    async def _is_over(self, record: FilingRecord, event: FilingEvent) -> bool:
        known = self.memory.known(event.task_id, event.owner)
        if known is None:
            return False
        if known.owner != event.owner:
            # Worked on, it would end another's task for the workers. No status: readers would ignore it.
            await self._dead_letter(record, Death("foreign_task", "Its id is that of another owner's task."))
            return True
        # A cancellation that is handed back comes again, and ends the task without its filing.
        over = known.ended or event.attempt < known.attempt or self.in_hand.is_being_cancelled(event)
        if over:
            await self.memory.acknowledged(event)
            self.metrics.skipped.inc()
        return over

    async def _work_on(self, record: FilingRecord, run: "_Run") -> None:
        event, known = run.event, self.memory.at(run.event)
        if known.to_be_cancelled:  # before its worker died, or handed it back
            await self._end_cancelled(run)
            return
        if self.now() - record.timestamp > self.lane_retention:
            await self._end_failed(run, expired(self.lane_retention))
            return
        if known.starts >= MAX_STARTS:
            message = f"The filing was started {MAX_STARTS} times and each time its worker died; it is not tried again."
            await self._keep_and_fail(record, run, TaskError(type="poison_pill", message=message))
            return
        if known.starts:
            self.metrics.redelivered.inc()
        await self.memory.start(event)
        try:
            await self._analyse(record, run, stored_before=known.storing)
        except Abandoned:
            # A drain is no crash of the filing's making.
            await self.memory.take_back_start(event)
            raise
        # Here, with the slot still in hand: a cancellation that came in the meantime left the end to this.
        if self.memory.at(event).to_be_cancelled:
            await self._end_cancelled(run)

    async def _analyse(self, record: FilingRecord, run: "_Run", *, stored_before: bool) -> None:
        event = run.event
        try:
            with run.timed(self.metrics):
                result = await self.processor.run(event.filing, run.report, run.guard.before)
        except (Abandoned, asyncio.CancelledError):
            run.guard.let_go()
            raise
        except Cancelled:
            return
        except PermanentFault as fault:
            await self._end_failed(run, TaskError(type=fault.type, message=str(fault)))
        except TransientFault as fault:
            await self._retry(record, run, fault, stored_before=stored_before)
        except AnalysisDied as fault:
            log.error("task %s of %s failed: %s", event.task_id, event.filing.ticker, fault.type)
            await self._keep_and_fail(record, run, TaskError(type=fault.type, message=str(fault)), fault.type)
        except WorkerBroken:
            raise
        except Exception as fault:
            if fault is run.guard.fault:
                raise
            broke = fault if isinstance(fault, AnalysisBroke) else _without_text(fault)
            log.error("task %s of %s failed: %s\n%s", event.task_id, event.filing.ticker, broke.exception, broke.frames)
            message = "The analysis failed by a fault of ours; the filing is kept and can be submitted again later."
            await self._keep_and_fail(record, run, TaskError(type="internal_error", message=message), broke.exception)
        else:
            await self._end_succeeded(run, result)

    async def _retry(self, record: FilingRecord, run: "_Run", fault: TransientFault, *, stored_before: bool) -> None:
        """Let the filing wait for its next attempt, or end it where this was the last, or it was cancelled."""
        event, error = run.event, TaskError(type=fault.type, message=str(fault))
        if self.memory.at(event).cancelled and not stored_before:
            await self._end_cancelled(run)
            return
        if event.attempt == MAX_ATTEMPTS:
            await self._keep_and_fail(record, run, error, type(fault).__name__)
            return
        due_at = self.now() + self.retry_delays[event.attempt - 1]
        try:
            await self.outcomes.retry(
                record, event, error, due_at=due_at, started_at=run.started_at, reached=run.reached
            )
        except EventTooLarge:  # a lane took it as its producer compressed it
            await self._keep_and_fail(record, run, error, type(fault).__name__)
            return
        await self.memory.next_attempt(event, stored_before=stored_before)
        self.metrics.retried.inc()

    async def _end_succeeded(self, run: "_Run", result: Result) -> None:
        try:
            # An analysis may have no such step.
            await self.memory.begin_storing(run.event)
        except Cancelled:
            return
        try:
            await self.outcomes.success(run.event, result, run.started_at)
        except ResultTooLarge:
            message = "The result is larger than its topic takes, even without the texts of its risk factors."
            await self._end_failed(run, TaskError(type="result_too_large", message=message))
            return
        await self.memory.end(run.event)
        self.metrics.finished.labels("SUCCESS").inc()

    async def _keep_and_fail(self, record: FilingRecord, run: "_Run", error: TaskError, exception: str = "") -> None:
        """End in failure, and keep the filing as a dead letter: it may not be the filing that is wrong."""
        await self._dead_letter(record, Death(error.type, error.message, exception, run.event.attempt))
        await self._end_failed(run, error)

    async def _end_failed(self, run: "_Run", error: TaskError) -> None:
        await self.outcomes.failure(run.event, error, run.started_at, run.reached)
        await self.memory.end(run.event)
        self.metrics.finished.labels("FAILURE").inc()

    async def _end_cancelled(self, run: "_Run") -> None:
        # Its next attempt, where it was cancelled while that was published.
        event = replace(run.event, attempt=self.memory.at(run.event).attempt)
        started_at = None if run.reached is WAITING else run.started_at
        await self.outcomes.cancelled(event, started_at, run.reached)
        await self.memory.end(event)
        self.metrics.finished.labels("CANCELLED").inc()

    async def _dead_letter(self, record: FilingRecord, reason: Death) -> None:
        await self.outcomes.dead_letter(record, reason)
        self.metrics.dead_lettered.labels(reason.type).inc()
        log.warning(
            "dead letter: %s, partition %s, offset %s: %s", record.topic, record.partition, record.offset, reason.type
        )


def _without_text(fault: Exception) -> AnalysisBroke:
    # The text may quote the document.
    return AnalysisBroke(type(fault).__name__, "".join(traceback.format_tb(fault.__traceback__)))


class _Run:
    """One start of a filing, and how far it came."""

    def __init__(self, event: FilingEvent, outcomes: Outcomes, memory: TaskMemory, started_at: datetime) -> None:
        self.event, self.started_at = event, started_at
        self.guard = StepGuard(lambda: memory.begin_storing(event))
        self.reached = WAITING
        self._outcomes = outcomes
        self._reports: set[asyncio.Task[None]] = set()
        self._begun_at: dict[str, float] = {}

    @contextlib.contextmanager
    def timed(self, metrics: WorkerMetrics) -> Iterator[None]:
        """Observe how long each step took that is reported inside."""
        clock = asyncio.get_running_loop().time
        try:
            yield
        finally:
            for (stage, began), (_, ended) in itertools.pairwise([*self._begun_at.items(), ("ended", clock())]):
                metrics.stages.labels(stage).observe(ended - began)

    def report(self, step: int) -> None:
        """Publish a step without waiting: one producer keeps a key's order, so it is read before the end."""
        self.reached = in_step(step)
        self._begun_at[self.reached.status] = asyncio.get_running_loop().time()
        publishing = self._outcomes.progress(self.event, step, self.started_at)
        task = asyncio.get_running_loop().create_task(publishing)
        self._reports.add(task)
        task.add_done_callback(self._reports.discard)
