"""Makes a new task of a dead letter; doing it again changes nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ops.dead_letters.letters import DeadLetter, DeadTask
from schemas.dead_letters import Redriven, as_first_sent
from schemas.envelope import ATTEMPT_HEADER, DUE_HEADER, LANE_HEADER, REDRIVEN_FROM_HEADER, SIGNED_AS_HEADER
from schemas.events import task_status
from schemas.identifiers import derived_task_id
from schemas.tasks import WAITING, TaskState, TaskStatus
from schemas.topics import FILINGS_DEAD, LANES, TASKS
from streams.incoming import FilingRecord
from transport.publisher import EventPublisher

_SOURCE = "/sigmak/redrive"


class NotRedrivable(Exception):
    """A letter that no task can be made of; the text says why."""


@dataclass(frozen=True, slots=True)
class Redrive:
    """Redrives letters, one after another.

    Attributes:
        record_at: the whole record at a partition and offset of the dead-letter topic.
        partitions: how many each lane has.
    """

    events: EventPublisher
    record_at: Callable[[int, int], FilingRecord]
    now: Callable[[], datetime]
    partitions: int

    async def redrive(self, letter: DeadLetter) -> str:
        """Make the letter's task anew, on the lane where it first stood; returns the new task's id.

        The id derives from where the letter stands, so a redrive that is cut off and repeated, or made by two at
        once, is one task. The marker comes last: what is marked surely is on its lane.

        Raises:
            NotRedrivable: where it can't be.
            KafkaAway: where Kafka does not take it.
        """
        task = redrivable(letter, self.partitions)
        origin = letter.origin
        record = self.record_at(letter.record.partition, letter.record.offset)
        task_id = derived_task_id(record.timestamp, FILINGS_DEAD, record.partition, record.offset)
        submitted_at = self.now()
        await self._tell_pending(task, task_id, submitted_at)
        ours = {
            "ce_id": task_id,
            "ce_time": submitted_at.isoformat(),
            ATTEMPT_HEADER: "1",
            REDRIVEN_FROM_HEADER: task.task_id,
            # What was redriven before keeps the task that a gateway made and signed.
            SIGNED_AS_HEADER: dict(record.headers).get(SIGNED_AS_HEADER, task.task_id.encode()).decode(),
        }
        left_out = {*ours, DUE_HEADER, LANE_HEADER}
        headers = [pair for pair in as_first_sent(record.headers) if pair[0] not in left_out]
        headers += [(name, text.encode()) for name, text in ours.items()]
        await self.events.publish_raw(origin.topic, record.key, record.value, headers, partition=origin.partition)
        marker = Redriven(record.partition, record.offset, task_id)
        await self.events.publish_raw(FILINGS_DEAD, record.key, None, marker.headers(), partition=record.partition)
        return task_id

    async def _tell_pending(self, task: DeadTask, task_id: str, submitted_at: datetime) -> None:
        pending = TaskStatus(
            task_id=task_id,
            status=TaskState.PENDING,
            progress=WAITING,
            ticker=task.ticker,
            filing_year=task.filing_year,
            submitted_at=submitted_at,
            labels=task.labels,
            redriven_from=task.task_id,
            callback_url=task.callback_url,
        )
        status = task_status(pending, source=_SOURCE, time=submitted_at, owner=task.owner, traceparent=task.traceparent)
        await self.events.publish(TASKS, task_id, status)


def redrivable(letter: DeadLetter, partitions: int) -> DeadTask:
    """The task that is made anew.

    Raises:
        NotRedrivable: where there is none, or it was redriven already.
    """
    if letter.redriven_as is not None:
        raise NotRedrivable(f"it was redriven already, as task {letter.redriven_as}")
    if letter.death.type == "unsigned_owner":
        raise NotRedrivable("no gateway has signed whose it is")
    if letter.task is None:
        why = "its value was left behind" if letter.death.value_left_behind else "it is no filing event"
        origin = letter.origin
        raise NotRedrivable(f"{why}; it stood in {origin.topic}, partition {origin.partition}, offset {origin.offset}")
    if letter.origin.topic not in LANES:
        raise NotRedrivable(f"it came from {letter.origin.topic}, which is no lane")
    if not 0 <= letter.origin.partition < partitions:
        raise NotRedrivable(f"it came from partition {letter.origin.partition}, and lanes have {partitions}")
    return letter.task
