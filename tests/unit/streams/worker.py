"""One worker's filing life with fakes around it, which note in one journal what was acknowledged, in order.

What a crash leaves is what was acknowledged before it: `Kafka` outlives a `crash`, as the broker would.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schemas.cancellations import Cancellation
from schemas.envelope import CloudEvent
from schemas.events import filing_submitted, task_cancellation
from schemas.filings import FilingSubmitted
from schemas.tasks import TaskState, TaskStatus
from schemas.topics import (
    BATCH_MEMBERS,
    CANCELLATIONS,
    FILINGS,
    FILINGS_DEAD,
    LANE_RETENTION,
    RISKS,
    TASKS,
    WEBHOOKS,
)
from streams.analysis_port import Analysis, Report, Result
from streams.attempt_record import AttemptRecord
from streams.cancelling import CancellationLife
from streams.drain import Drain
from streams.filing_life import FilingLife
from streams.gate import ProcessorGate
from streams.in_hand import InHand
from streams.incoming import FilingRecord, KafkaRecord
from streams.metrics import WorkerMetrics
from streams.outcomes import Outcomes
from streams.processor import Processor
from streams.task_memory import TaskMemory
from tests.unit.examples import NOON, TASK_ID, a_filing, a_risk, an_assessment
from tests.unit.fake_publisher import FakePublisher, Published
from transport.owner_signatures import OwnerSignatures

DELAYS = [timedelta(seconds=60), timedelta(seconds=120), timedelta(seconds=240)]
RESULT = an_assessment(a_risk())
_OTHERS = {RISKS: "result", BATCH_MEMBERS: "outcome", WEBHOOKS: "webhook"}
OWNER = "key-1"
UNSIGNED = OwnerSignatures()


class Crash(BaseException):
    """The process ends: nothing of it runs on."""


def five_steps(_filing: FilingSubmitted, report: Report) -> Result:
    """An analysis that succeeds."""
    for step in range(1, 6):
        report(step)
    return RESULT


def failing(fault: Exception) -> Analysis:
    """An analysis that fails in its second step."""

    def analysis(_filing: FilingSubmitted, report: Report) -> Result:
        report(1)
        report(2)
        raise fault

    return analysis


def an_event(
    filing: FilingSubmitted | None = None,
    *,
    topic: str = FILINGS,
    attempt: int = 1,
    task_id: str = TASK_ID,
    appended_at: datetime = NOON,
    owner: str | None = OWNER,
) -> FilingRecord:
    """A filing event as Kafka delivers it."""
    filing = filing or a_filing()
    event = filing_submitted(filing, task_id=task_id, source="/test", time=NOON, owner=owner, attempt=attempt)
    return FilingRecord(topic, 3, 17, appended_at, filing.ticker.encode(), event.data, event.headers())


def a_cancellation(*, task_id: str = TASK_ID, owner: str = OWNER, callback_url: str | None = None) -> KafkaRecord:
    """A cancellation as Kafka delivers it."""
    wish = Cancellation(
        task_id=task_id,
        ticker="ACME",
        filing_year=2024,
        submitted_at=NOON,
        labels={"desk": "credit"},
        callback_url=callback_url,
    )
    event = task_cancellation(wish, source="/test", time=NOON, owner=owner)
    return KafkaRecord(CANCELLATIONS, 3, 17, NOON, b"ACME", event.data, event.headers())


def remembered(
    attempt: int = 1, starts: int = 0, *, ended: bool = False, cancelled: bool = False, storing: bool = False
) -> AttemptRecord:
    """What is remembered of the owner's task."""
    return AttemptRecord(OWNER, attempt, starts, ended, cancelled, storing)


@dataclass
class Kafka:
    """What is on the broker: published events, and the Table's changelog.

    Attributes:
        journal: what was acknowledged, in order, in words.
        crash_after: the process crashes when the journal is as long; before the next acknowledgement.
        on_acknowledge: is told of each acknowledgement, before it is noted; may raise.
    """

    topics: FakePublisher = field(default_factory=FakePublisher)
    table: dict[str, AttemptRecord] = field(default_factory=dict)
    journal: list[str] = field(default_factory=list)
    crash_after: int | None = None
    on_acknowledge: Callable[[str], None] = lambda _what: None

    def acknowledge(self, what: str) -> None:
        """Note it, unless the process is dead by then."""
        if self.crash_after is not None and len(self.journal) >= self.crash_after:
            raise Crash
        self.on_acknowledge(what)
        self.journal.append(what)

    def statuses(self) -> list[TaskStatus]:
        """All statuses, as they came."""
        return [TaskStatus.model_validate_json(each.event.data) for each in self.topics.on(TASKS) if each.event]

    def ends(self) -> list[TaskStatus]:
        """The terminal statuses."""
        return [status for status in self.statuses() if status.status.ended]

    def end_states(self) -> list[TaskState]:
        """How tasks ended, in this order."""
        return [status.status for status in self.ends()]

    def dead_letters(self) -> list[Published]:
        """What was set aside."""
        return self.topics.on(FILINGS_DEAD)


@dataclass
class _Journaled:
    """The publisher of one process."""

    kafka: Kafka

    async def publish(self, topic: str, key: str, event: CloudEvent | None) -> None:
        await asyncio.sleep(0)
        self.kafka.acknowledge(_in_words(topic, event))
        await self.kafka.topics.publish(topic, key, event)

    async def publish_raw(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]],
        *,
        partition: int | None = None,
    ) -> None:
        await asyncio.sleep(0)
        self.kafka.acknowledge("dead letter" if topic == FILINGS_DEAD else "next attempt")
        await self.kafka.topics.publish_raw(topic, key, value, headers, partition=partition)


@dataclass
class _Attempts:
    """The Table of one process, which sees its own changes before Kafka has them."""

    kafka: Kafka
    _changed: dict[str, AttemptRecord] = field(default_factory=dict)
    under_way: dict[str, asyncio.Event] = field(default_factory=dict)

    def leave_under_way(self, task_id: str, record: AttemptRecord) -> asyncio.Event:
        """A change whose acknowledgement nobody waits for any more; it comes with the event."""
        self._changed[task_id] = record
        return self.under_way.setdefault(task_id, asyncio.Event())

    async def acknowledged(self, task_id: str) -> None:
        if task_id in self.under_way:
            await self.under_way[task_id].wait()

    def get(self, task_id: str) -> AttemptRecord | None:
        return self._changed.get(task_id) or self.kafka.table.get(task_id)

    async def put(self, task_id: str, record: AttemptRecord) -> None:
        self._changed[task_id] = record
        await asyncio.sleep(0)
        self.kafka.acknowledge(_of_the_table(record))
        self.kafka.table[task_id] = record


class Worker:
    """One process: it has its own gate and processor, and shares only Kafka with the one before it."""

    def __init__(self, kafka: Kafka, analysis: Analysis = five_steps, signatures: OwnerSignatures = UNSIGNED) -> None:
        self.kafka = kafka
        self.metrics = WorkerMetrics()
        self.executions = 0
        self.gate, self.cancellation_gate = ProcessorGate(), ProcessorGate()
        self.processor = Processor(self._counted(analysis))
        self.attempts = _Attempts(kafka)
        memory, outcomes, in_hand = TaskMemory(self.attempts), Outcomes(_Journaled(kafka), lambda: NOON), InHand()
        self._life = FilingLife(
            memory=memory,
            outcomes=outcomes,
            gate=self.gate,
            in_hand=in_hand,
            processor=self.processor,
            metrics=self.metrics,
            retry_delays=DELAYS,
            lane_retention=LANE_RETENTION,
            now=lambda: NOON,
            signatures=signatures,
        )
        self._cancelling = CancellationLife(memory, outcomes, self.cancellation_gate, in_hand, self.metrics, signatures)

    def drain(self, seconds: float) -> Drain:
        """What lets go of its work."""
        return Drain(self.gate, self.cancellation_gate, self.processor, seconds)

    async def cancel(self, record: KafkaRecord) -> None:
        """Take a cancellation to its end, after which its offset may be committed."""
        await self._cancelling.process(record)
        self.kafka.acknowledge("cancellation's offset")

    async def process(self, record: FilingRecord) -> None:
        """Take an event to its end, after which its offset may be committed."""
        await self._life.process(record)
        self.kafka.acknowledge("offset")

    def counted(self, name: str, **labels: str) -> float:
        """The value of one of the filings' counters."""
        return self.value(f"filings_{name}", **labels)

    def value(self, name: str, **labels: str) -> float:
        """A counter's value."""
        return self.metrics.registry.get_sample_value(f"sigmak_{name}_total", labels) or 0.0

    def _counted(self, analysis: Analysis) -> Analysis:
        def counting(filing: FilingSubmitted, report: Report) -> Result:
            self.executions += 1
            return analysis(filing, report)

        return counting


def _of_the_table(record: AttemptRecord) -> str:
    if record.ended:
        return "end"
    if record.to_be_cancelled:
        return "cancelled"
    if record.storing:
        return "storing"
    return f"starts: {record.starts}" if record.attempt == 1 or record.starts else f"attempt {record.attempt}"


def _in_words(topic: str, event: CloudEvent | None) -> str:
    if topic in _OTHERS:
        return _OTHERS[topic]
    assert event is not None
    status = TaskStatus.model_validate_json(event.data)
    return f"step {status.progress.current}" if status.status is TaskState.PROGRESS else status.status.value
