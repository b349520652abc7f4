"""How far a batch is, as its owner is told: what workers told of it, and where each member is now."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from schemas.batches import BatchMember, BatchStatus, CompanyDigest, MemberFailure, RiskDigest
from schemas.tasks import TaskState


class BatchProgress(BaseModel):
    """How many members have ended."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    current: int
    """So many have ended,"""
    total: int
    """of so many."""


class BatchView(BaseModel):
    """The state of a batch: the body of `GET /batches/{id}`."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    batch_id: str
    """A UUIDv7."""
    status: Literal["OPEN", "ENDED"]
    """`ENDED` once every member has ended, which it never leaves."""
    counts: dict[TaskState, int]
    """State -> how many members are in it."""
    progress: BatchProgress
    """How many members have ended."""
    members: tuple[BatchMember, ...]
    """In the order of the request."""
    submitted_at: datetime
    """When the batch was accepted."""
    ended_at: datetime | None = None
    """When the last of its members ended."""
    callback_url: str | None = None
    """Where its end is told."""
    digest: RiskDigest
    """Once the batch has ended: what all of its filings say."""
    companies: tuple[CompanyDigest, ...]
    """Once the batch has ended: what each company's filings say, by ticker."""
    failures: tuple[MemberFailure, ...]
    """Once the batch has ended: the members that did not succeed, and why."""


def view_of(status: BatchStatus, states: Sequence[TaskState | None]) -> BatchView:
    """What is told of a batch.

    Args:
        status: the newest that workers told; it comes with every twentieth member or so.
        states: of its members, in their order, as the status table has them; None for one that it has not.
    """
    counts = status.ended if status.status == "ENDED" else _counts(status.ended, states)
    told = status.model_dump(mode="json", exclude={"ended"})
    ended = sum(number for state, number in counts.items() if state.ended)
    progress = BatchProgress(current=ended, total=len(status.members))
    return BatchView.model_validate({**told, "counts": counts, "progress": progress})


def _counts(ended: dict[TaskState, int], states: Sequence[TaskState | None]) -> dict[TaskState, int]:
    counts = Counter(state for state in states if state is not None)
    unseen = len(states) - counts.total()
    # A member that ended long before the others is past its life.
    for state, number in ended.items():
        more = min(unseen, max(0, number - counts[state]))
        counts[state] += more
        unseen -= more
    counts[TaskState.PENDING] += unseen
    return {state: counts[state] for state in TaskState if counts[state]}
