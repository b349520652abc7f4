"""Puts an accepted filing on Kafka: first its PENDING status, then the filing event, both acknowledged."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from schemas.envelope import CloudEvent
from schemas.events import filing_submitted, task_status
from schemas.filings import FilingSubmitted, Priority
from schemas.identifiers import new_task_id
from schemas.tasks import WAITING, TaskState, TaskStatus
from schemas.topics import FILINGS, FILINGS_PRIORITY, TASKS
from transport.publisher import EventPublisher, KafkaAway, PublishFailed

log = logging.getLogger(__name__)

_SOURCE = "/sigmak/gateway"
_LANES: dict[Priority, str] = {"normal": FILINGS, "high": FILINGS_PRIORITY}


class OutcomeUnknown(Exception):
    """Kafka did not acknowledge the filing event in time: it may be worked on or not. Carries the task's id."""

    def __init__(self, task_id: str) -> None:
        super().__init__(f"Kafka did not acknowledge task {task_id} in time")
        self.task_id = task_id


@dataclass(frozen=True, slots=True)
class FilingPublisher:
    """Accepts filings.

    Attributes:
        events: the process's producer.
        timeout: seconds for both acknowledgements of one filing.
    """

    events: EventPublisher
    timeout: float
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _withdrawals: set[asyncio.Task[None]] = field(default_factory=set)

    async def submit(self, filing: FilingSubmitted, *, owner: str, priority: Priority, traceparent: str | None) -> str:
        """Put a filing on its lane; returns the task id once the filing is on the broker.

        PENDING goes first: who reads the task after our answer must find it, from any gateway.

        Raises:
            KafkaAway: not accepted.
            OutcomeUnknown: perhaps accepted.
            EventTooLarge: larger than the lane takes, compressed.
        """
        task_id, submitted_at = new_task_id(), self.now()
        pending = TaskStatus(
            task_id=task_id,
            status=TaskState.PENDING,
            progress=WAITING,
            ticker=filing.ticker,
            filing_year=filing.filing_year,
            submitted_at=submitted_at,
            callback_url=filing.callback_url,
        )
        status = task_status(pending, source=_SOURCE, time=submitted_at, owner=owner, traceparent=traceparent)
        event = filing_submitted(
            filing, task_id=task_id, source=_SOURCE, time=submitted_at, owner=owner, traceparent=traceparent
        )
        deadline = asyncio.get_running_loop().time() + self.timeout
        try:
            await self._publish_by(deadline, TASKS, task_id, status)
        except PublishFailed as error:
            if not error.outcome_known:
                self._withdraw(task_id)
            raise
        try:
            await self._publish_by(deadline, _LANES[priority], filing.ticker, event)
        except PublishFailed as error:
            if not error.outcome_known:
                raise OutcomeUnknown(task_id) from error
            self._withdraw(task_id)
            raise
        return task_id

    async def _publish_by(self, deadline: float, topic: str, key: str, event: CloudEvent) -> None:
        try:
            async with asyncio.timeout_at(deadline):
                await self.events.publish(topic, key, event)
        except TimeoutError as error:
            raise KafkaAway("Kafka did not acknowledge in time", outcome_known=False) from error

    def _withdraw(self, task_id: str) -> None:
        """Tombstone a PENDING whose filing surely is not on the broker; not waited for, since Kafka may be away."""
        task = asyncio.get_running_loop().create_task(self._tombstone(task_id))
        # The loop holds tasks weakly only: without this reference one could vanish before it ran.
        self._withdrawals.add(task)
        task.add_done_callback(self._withdrawals.discard)

    async def _tombstone(self, task_id: str) -> None:
        try:
            await self.events.publish(TASKS, task_id, None)
        except PublishFailed as error:
            # A PENDING that stays behind is closed as `expired` when the lane's retention has passed.
            log.warning("the status of task %s, which was not accepted, was not withdrawn: %s", task_id, error)
