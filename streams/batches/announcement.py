"""Tells a batch how a member of it ended. A call of its own wherever a task's end is told."""

from datetime import datetime

from schemas.batches import BatchMember, MemberOutcome, RiskDigest
from schemas.events import member_outcome
from schemas.tasks import TaskStatus
from schemas.topics import BATCH_MEMBERS
from transport.publisher import EventPublisher


async def tell_outcome(
    events: EventPublisher, end: TaskStatus, digest: RiskDigest, *, source: str, time: datetime, owner: str | None
) -> None:
    """Publish the outcome of a task that has ended; does nothing for one of no batch.

    Args:
        end: the task's terminal status, which is on the broker.
        digest: of its whole assessment, where it has one.
    """
    if end.batch_id is None:
        return
    assert end.ended_at is not None
    member = BatchMember(task_id=end.task_id, ticker=end.ticker, filing_year=end.filing_year)
    outcome = MemberOutcome(member=member, state=end.status, ended_at=end.ended_at, error=end.error, digest=digest)
    event = member_outcome(outcome, batch_id=end.batch_id, source=source, time=time, owner=owner)
    await events.publish(BATCH_MEMBERS, end.batch_id, event)
