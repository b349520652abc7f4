"""How far a batch is, as its owner is told: what workers told of it, and where each member is now."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import orjson
from pydantic import BaseModel, ConfigDict

from gateway.status_table.rows import StatusRow
from schemas.batches import BatchMember, CompanyDigest, MemberFailure, RiskDigest
from schemas.callbacks import CallbackUrl
from schemas.tasks import MAX_ATTEMPTS, StatusOrder, TaskState

Counts = Mapping[TaskState, int]
"""State -> how many members are in it."""

_END_OF_ATTEMPT = StatusOrder.of_end(1).step
_END = MAX_ATTEMPTS * _END_OF_ATTEMPT
"""The rank of a member that has ended, whatever attempt it ended in."""


class BatchProgress(BaseModel):
    """How many members have ended."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    current: int
    """So many have ended,"""
    total: int
    """of so many."""


class BatchCounts(BaseModel):
    """How far a batch is: what each event tells while it is open."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    batch_id: str
    """A UUIDv7."""
    status: Literal["OPEN", "ENDED"]
    """`ENDED` once every member has ended, which it never leaves."""
    counts: dict[TaskState, int]
    """State -> how many members are in it."""
    progress: BatchProgress
    """How many members have ended."""


class BatchView(BatchCounts):
    """The state of a batch: the body of `GET /batches/{id}`."""

    members: tuple[BatchMember, ...]
    """In the order of the request."""
    submitted_at: datetime
    """When the batch was accepted."""
    ended_at: datetime | None = None
    """When the last of its members ended."""
    callback_url: CallbackUrl | None = None
    """Where its end is told."""
    digest: RiskDigest
    """Once the batch has ended: what all of its filings say."""
    companies: tuple[CompanyDigest, ...]
    """Once the batch has ended: what each company's filings say, by ticker."""
    failures: tuple[MemberFailure, ...]
    """Once the batch has ended: the members that did not succeed, and why."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a batch is.

    Attributes:
        position: grows with each step of each member, and once more at the end: it orders what is told of a batch.
    """

    counts: Counts
    position: int
    has_ended: bool

    @property
    def total(self) -> int:
        """How many members the batch has."""
        return sum(self.counts.values())

    @property
    def progress(self) -> BatchProgress:
        """How many of them have ended."""
        return BatchProgress(current=_ended(self.counts), total=self.total)


def open_standing(told: Counts, heads: Sequence[StatusRow | None]) -> Standing:
    """How far a batch is that has not ended.

    Args:
        told: state -> members that ended in it, as workers told the last time; with every twentieth or so.
        heads: of its members, in their order, as the status table has them; None for one that it has not.
    """
    seen = [head for head in heads if head is not None]
    counts = _counts(told, [head.state for head in seen], unseen=len(heads) - len(seen))
    past_their_life = _ended(counts) - sum(head.order.ended for head in seen)
    position = sum(_rank(head.order) for head in seen) + past_their_life * _END
    return Standing(counts, position, has_ended=False)


def ended_standing(told: Counts) -> Standing:
    """How far a batch is that has ended."""
    return Standing(told, sum(told.values()) * _END + 1, has_ended=True)


def view_body(status: bytes, standing: Standing) -> bytes:
    """A `BatchView`, from the data of a batch's status.

    By orjson: one of hundreds of companies has megabytes, which took pydantic a sixth of a second.

    Raises:
        KeyError: where the data is no status of a batch.
    """
    document = orjson.loads(status)
    document.pop("ended", None)
    counts = {"counts": _named(standing.counts), "progress": standing.progress.model_dump()}
    return orjson.dumps({"batch_id": document["batch_id"], "status": document["status"], **counts, **document})


def counts_body(batch_id: str, standing: Standing) -> bytes:
    """A `BatchCounts` of an open batch."""
    progress = standing.progress.model_dump()
    counts = {"batch_id": batch_id, "status": "OPEN", "counts": _named(standing.counts), "progress": progress}
    return orjson.dumps(counts)


def _named(counts: Counts) -> dict[str, int]:
    return {state.value: number for state, number in counts.items()}


def _counts(told: Counts, states: Sequence[TaskState], *, unseen: int) -> Counts:
    counts = Counter(states)
    # A member that ended long before the others is past its life.
    for state, number in told.items():
        more = min(unseen, max(0, number - counts[state]))
        counts[state] += more
        unseen -= more
    counts[TaskState.PENDING] += unseen
    return {state: counts[state] for state in TaskState if counts[state]}


def _ended(counts: Counts) -> int:
    return sum(number for state, number in counts.items() if state.ended)


def _rank(order: StatusOrder) -> int:
    return _END if order.ended else (order.attempt - 1) * _END_OF_ATTEMPT + order.step
