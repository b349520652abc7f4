"""Puts an accepted filing on Kafka: first its PENDING status, then the filing event, both acknowledged."""

import asyncio
import functools
import logging
from dataclasses import dataclass, field
from datetime import datetime

from schemas.envelope import CloudEvent
from schemas.events import TooLongAsJson, filing_submitted, task_status
from schemas.filings import FilingSubmitted, Priority
from schemas.identifiers import task_created_at
from schemas.tasks import WAITING, TaskState, TaskStatus
from schemas.topics import FILINGS, FILINGS_PRIORITY, TASKS
from transport.publisher import CLIENT_MESSAGE_LIMIT, EventPublisher, EventTooLarge, KafkaAway, PublishFailed

log = logging.getLogger(__name__)

_SOURCE = "/sigmak/gateway"
_LONG = 4 * 1024 * 1024
"""Characters of a document whose event is made in a thread: as JSON they take up to 7 ms for each million."""
_LANES: dict[Priority, str] = {"normal": FILINGS, "high": FILINGS_PRIORITY}


class OutcomeUnknown(Exception):
    """Kafka did not acknowledge the filing event in time: it may be worked on or not. Carries the task's id."""

    def __init__(self, task_id: str) -> None:
        super().__init__(f"Kafka did not acknowledge task {task_id} in time")
        self.task_id = task_id


@dataclass(frozen=True, slots=True)
class Offered:
    """A filing that somebody wants to have accepted.

    Attributes:
        owner: the id of the API key that its task belongs to.
        priority: decides its lane.
        traceparent: the caller's trace, which goes on with the filing.
    """

    filing: FilingSubmitted
    owner: str
    priority: Priority
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class FilingPublisher:
    """Accepts filings.

    Attributes:
        events: the process's producer.
        timeout: seconds for all acknowledgements of one submission.
    """

    events: EventPublisher
    timeout: float
    _withdrawals: set[asyncio.Task[None]] = field(default_factory=set)

    async def submit(self, task_id: str, offered: Offered) -> None:
        """Put a filing on its lane; returns once it is on the broker.

        PENDING goes first: who reads the task after our answer must find it, from any gateway.

        Raises:
            KafkaAway: not accepted.
            OutcomeUnknown: perhaps accepted.
            EventTooLarge: larger than the lane takes, compressed.
        """
        until = self.deadline()
        try:
            await self.announce(task_id, offered, until)
        except PublishFailed as error:
            if not error.outcome_known:
                self.withdraw(task_id)
            raise
        try:
            await self.hand_over(task_id, offered, until)
        except PublishFailed:
            self.withdraw(task_id)
            raise

    def deadline(self) -> float:
        """When a submission that begins now must be through, by the event loop's clock."""
        return asyncio.get_running_loop().time() + self.timeout

    async def announce(self, task_id: str, offered: Offered, until: float) -> None:
        """Tell the task's PENDING; raises KafkaAway where it is not acknowledged by `until`."""
        submitted_at = made_at(task_id)
        pending = TaskStatus(
            task_id=task_id,
            status=TaskState.PENDING,
            progress=WAITING,
            ticker=offered.filing.ticker,
            filing_year=offered.filing.filing_year,
            submitted_at=submitted_at,
            labels=offered.filing.labels,
            batch_id=offered.filing.batch_id,
            callback_url=offered.filing.callback_url,
        )
        status = task_status(
            pending, source=_SOURCE, time=submitted_at, owner=offered.owner, traceparent=offered.traceparent
        )
        await self.publish_by(until, TASKS, task_id, status)

    async def hand_over(self, task_id: str, offered: Offered, until: float) -> None:
        """Put the filing event on its lane.

        Raises:
            KafkaAway, EventTooLarge: it surely is not there.
            OutcomeUnknown: it may be there.
        """
        filing = offered.filing
        lane = _LANES[offered.priority]
        try:
            event = await _event(task_id, offered)
        except TooLongAsJson as error:
            raise EventTooLarge(lane) from error
        try:
            await self.publish_by(until, lane, filing.ticker, event)
        except PublishFailed as error:
            if not error.outcome_known:
                raise OutcomeUnknown(task_id) from error
            raise

    async def publish_by(self, until: float, topic: str, key: str, event: CloudEvent) -> None:
        """Publish an event; raises KafkaAway where it is not acknowledged by `until`."""
        try:
            async with asyncio.timeout_at(until):
                await self.events.publish(topic, key, event)
        except TimeoutError as error:
            raise KafkaAway("Kafka did not acknowledge in time", outcome_known=False) from error

    def withdraw(self, task_id: str, topic: str = TASKS) -> None:
        """Tombstone the status of what surely is not on the broker; not waited for, since Kafka may be away."""
        task = asyncio.get_running_loop().create_task(self._tombstone(task_id, topic))
        # The loop holds tasks weakly only: without this reference one could vanish before it ran.
        self._withdrawals.add(task)
        task.add_done_callback(self._withdrawals.discard)

    async def _tombstone(self, task_id: str, topic: str) -> None:
        try:
            await self.events.publish(topic, task_id, None)
        except PublishFailed as error:
            # A PENDING that stays behind is closed as `expired` when the lane's retention has passed.
            log.warning("the status of %s on %s, which was not accepted, was not withdrawn: %s", task_id, topic, error)


async def _event(task_id: str, offered: Offered) -> CloudEvent:
    make = functools.partial(
        filing_submitted,
        offered.filing,
        task_id=task_id,
        source=_SOURCE,
        time=made_at(task_id),
        owner=offered.owner,
        traceparent=offered.traceparent,
        longest=CLIENT_MESSAGE_LIMIT,
    )
    document = offered.filing.html_content
    return await asyncio.to_thread(make) if document is not None and len(document) > _LONG else make()


def made_at(task_id: str) -> datetime:
    """When a task id of our own was made: a filing that is sent again is the same to the last byte."""
    made_at = task_created_at(task_id)
    assert made_at is not None
    return made_at
