"""Puts an accepted batch on Kafka, in the order that makes a crash between any two steps harmless.

  1. PENDING of each member: whatever is told of a batch, its tasks can be read;
  2. the members, where workers remember them: what they would be told of another batch's task, they drop;
  3. the batch's own status, so that who reads it after our answer finds it, at any gateway;
  4. the members' filing events.
Each is acknowledged before the next. Members' ids derive from the batch's id and their place, so whoever goes on under
the same id repeats what was done and adds what was not. Where nobody does, the janitor ends in time whichever member
nobody began, and with it the batch; until then its owner may cancel it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.publisher import FilingPublisher, Offered, OutcomeUnknown, made_at
from schemas.batches import BatchMember, BatchOpened, BatchStatus, MemberOutcome
from schemas.envelope import CloudEvent
from schemas.events import batch_opened, batch_status, member_outcome, task_status, webhook_delivery
from schemas.identifiers import derived_task_id
from schemas.tasks import WAITING, TaskError, TaskState, TaskStatus
from schemas.topics import BATCH_MEMBERS, BATCHES, TASKS, WEBHOOKS
from schemas.webhooks import task_ended
from transport.publisher import EventTooLarge, PublishFailed

_SOURCE = "/sigmak/gateway"
_FILINGS_AT_ONCE = 8
"""Each waits for its acknowledgement from when it is given to the producer: of 200 MiB at once the last were late."""
_TOO_LARGE = TaskError(
    type="document_too_large",
    message="The document is over the lane's limit of 16 MiB even when compressed. Send the filing's main document.",
)


@dataclass(frozen=True, slots=True)
class OfferedBatch:
    """Filings that somebody wants to have accepted together.

    Attributes:
        filings: place in the request -> filing; those that were refused are missing.
        size: how many places the request had.
        owner: the id of the API key that it belongs to.
        callback_url: where to tell that all of them have ended.
    """

    filings: Mapping[int, Offered]
    size: int
    owner: str
    callback_url: str | None = None

    def task_ids(self, batch_id: str) -> list[str]:
        """The ids of the members' tasks, in their order."""
        return [member_id(batch_id, index) for index in self.filings]


class BatchIncomplete(Exception):
    """Kafka took a part of a batch only. Carries its id, and the tasks that were accepted and that may have been."""

    def __init__(self, batch_id: str, accepted: Sequence[str], unknown: Sequence[str]) -> None:
        super().__init__(f"Kafka took {len(accepted)} filings of batch {batch_id}")
        self.batch_id, self.accepted, self.unknown = batch_id, accepted, unknown


@dataclass(frozen=True, slots=True)
class BatchPublisher:
    """Accepts batches.

    Attributes:
        filings: accepts their members.
        timeout: seconds for all acknowledgements of one batch.
    """

    filings: FilingPublisher
    timeout: float

    async def submit(self, batch_id: str, batch: OfferedBatch) -> None:
        """Put a batch on Kafka; returns once all of it is on the broker.

        Raises:
            KafkaAway: not accepted.
            BatchIncomplete: in part.
        """
        until = self.deadline()
        try:
            await self.announce(batch_id, batch, until)
        except PublishFailed:
            self.withdraw(batch_id)
            for task_id in batch.task_ids(batch_id):
                self.filings.withdraw(task_id)
            raise
        await self.hand_over(batch_id, batch, until)

    def deadline(self) -> float:
        """When a batch that begins now must be through, by the event loop's clock."""
        return asyncio.get_running_loop().time() + self.timeout

    async def announce(self, batch_id: str, batch: OfferedBatch, until: float) -> None:
        """Tell of the batch and of its members; raises KafkaAway where it is not acknowledged by `until`."""
        members = _members(batch_id, batch)
        announced = (self.filings.announce(task_id, offered, until) for task_id, offered in members.items())
        # All of them are through before the first failure is told: none may come behind its own tombstone.
        for failure in await asyncio.gather(*announced, return_exceptions=True):
            if failure is not None:
                raise failure
        at = made_at(batch_id)
        told = tuple(_member(task_id, offered) for task_id, offered in members.items())
        opened = BatchOpened(members=told, submitted_at=at, callback_url=batch.callback_url)
        event = batch_opened(opened, batch_id=batch_id, source=_SOURCE, time=at, owner=batch.owner)
        await self.publish_by(until, BATCH_MEMBERS, batch_id, event)
        status = BatchStatus(
            batch_id=batch_id, status="OPEN", members=told, submitted_at=at, callback_url=batch.callback_url
        )
        event = batch_status(status, source=_SOURCE, time=at, owner=batch.owner)
        await self.publish_by(until, BATCHES, batch_id, event)

    async def hand_over(self, batch_id: str, batch: OfferedBatch, until: float) -> None:
        """Put the members' filing events on their lanes, a few at a time; stops at the first that Kafka does not take.

        One that is too large for its lane fails alone.

        Raises:
            BatchIncomplete: not all of them are there.
        """
        members = _members(batch_id, batch)
        waiting = iter(members.items())
        accepted: set[str] = set()
        unknown: set[str] = set()
        failed = asyncio.Event()

        async def send() -> None:
            for task_id, offered in waiting:
                if failed.is_set():
                    return
                try:
                    await self._send(task_id, offered, until)
                except OutcomeUnknown:
                    unknown.add(task_id)
                    failed.set()
                except PublishFailed:
                    failed.set()
                else:
                    accepted.add(task_id)

        async with asyncio.TaskGroup() as group:
            for _ in range(_FILINGS_AT_ONCE):
                group.create_task(send())
        if failed.is_set():
            in_order = [[task_id for task_id in members if task_id in ids] for ids in (accepted, unknown)]
            raise BatchIncomplete(batch_id, *in_order)

    async def publish_by(self, until: float, topic: str, key: str, event: CloudEvent) -> None:
        """See `FilingPublisher`."""
        await self.filings.publish_by(until, topic, key, event)

    def withdraw(self, batch_id: str) -> None:
        """Tombstone the status of a batch that was not accepted."""
        self.filings.withdraw(batch_id, BATCHES)

    async def _send(self, task_id: str, offered: Offered, until: float) -> None:
        try:
            await self.filings.hand_over(task_id, offered, until)
        except EventTooLarge:
            await self._fail(task_id, offered, until)

    async def _fail(self, task_id: str, offered: Offered, until: float) -> None:
        """End a member that no worker will ever see, as workers end theirs: its status, its batch, its callback."""
        at, filing = made_at(task_id), offered.filing
        end = TaskStatus(
            task_id=task_id,
            status=TaskState.FAILURE,
            progress=WAITING,
            error=_TOO_LARGE,
            ticker=filing.ticker,
            filing_year=filing.filing_year,
            submitted_at=at,
            ended_at=at,
            labels=filing.labels,
            batch_id=filing.batch_id,
            callback_url=filing.callback_url,
        )
        status = task_status(end, source=_SOURCE, time=at, owner=offered.owner, traceparent=offered.traceparent)
        await self.publish_by(until, TASKS, task_id, status)
        outcome = MemberOutcome(member=_member(task_id, offered), state=end.status, ended_at=at, error=end.error)
        assert filing.batch_id is not None
        event = member_outcome(outcome, batch_id=filing.batch_id, source=_SOURCE, time=at, owner=offered.owner)
        await self.publish_by(until, BATCH_MEMBERS, filing.batch_id, event)
        delivery = task_ended(end, offered.owner)
        if delivery is not None:
            event = webhook_delivery(delivery, source=_SOURCE, time=at, traceparent=offered.traceparent)
            await self.publish_by(until, WEBHOOKS, delivery.subject, event)


def member_id(batch_id: str, index: int) -> str:
    """The task of the filing at this place of a batch."""
    return derived_task_id(made_at(batch_id), batch_id, index)


def _members(batch_id: str, batch: OfferedBatch) -> dict[str, Offered]:
    return {
        member_id(batch_id, index): replace(offered, filing=offered.filing.model_copy(update={"batch_id": batch_id}))
        for index, offered in batch.filings.items()
    }


def _member(task_id: str, offered: Offered) -> BatchMember:
    return BatchMember(task_id=task_id, ticker=offered.filing.ticker, filing_year=offered.filing.filing_year)
