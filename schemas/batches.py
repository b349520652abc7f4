"""Batches: which filings were submitted together, how each of them ended, and what all of them say."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from schemas.base import EventModel, TolerantModel
from schemas.callbacks import CallbackUrl
from schemas.filings import FilingYear, Ticker
from schemas.risks import Category, Share
from schemas.tasks import StatusOrder, TaskError, TaskState

MAX_MEMBERS = 500
HIGHLIGHTS = 5
"""How many of the most severe and of the most novel risk factors are told of a filing, a company and a batch."""
_LONGEST_HEADING = 300


class BatchMember(EventModel):
    """One filing of a batch."""

    task_id: str
    """Its task; derives from the batch's id and the filing's place in it."""
    ticker: Ticker
    """As in the filing event."""
    filing_year: FilingYear
    """As in the filing event."""


Members = Annotated[tuple[BatchMember, ...], Field(min_length=1, max_length=MAX_MEMBERS)]


class BatchOpened(EventModel):
    """The first record of a batch: its members, in the order of the request. Its Kafka key is the batch's id."""

    members: Members
    """All that were accepted."""
    submitted_at: datetime
    """When the batch was accepted."""
    callback_url: CallbackUrl | None = None
    """Where to tell, signed, that the batch has ended."""


class RiskHighlight(EventModel):
    """A risk factor that stands out, and where to find it."""

    task_id: str
    """The task whose result has it."""
    ticker: Ticker
    """Whose filing it stands in."""
    filing_year: FilingYear
    """Which year's."""
    risk_id: str
    """Its id in the assessment."""
    heading: Annotated[str, Field(max_length=_LONGEST_HEADING)]
    """As in the assessment, cut where it is long."""
    category: Category
    """As in the assessment."""
    severity: Share
    """As in the assessment."""
    novelty: Share | None = None
    """As in the assessment; None where no earlier filing was known."""


class RiskDigest(EventModel):
    """What is told of the risk factors of a filing, a company or a batch."""

    by_category: dict[Category, int] = Field(default_factory=dict)
    """Category -> how many of all; none for filings that were only indexed."""
    most_severe: Annotated[tuple[RiskHighlight, ...], Field(max_length=HIGHLIGHTS)] = ()
    """The most severe first."""
    most_novel: Annotated[tuple[RiskHighlight, ...], Field(max_length=HIGHLIGHTS)] = ()
    """The newest first; only those that could be compared with an earlier filing."""


class MemberOutcome(EventModel):
    """How one member ended. Its Kafka key is the batch's id; the first of a task counts."""

    member: BatchMember
    """Which."""
    state: TaskState
    """One that a task never leaves."""
    ended_at: datetime
    """As in the task's status."""
    error: TaskError | None = None
    """Why it failed."""
    digest: RiskDigest = RiskDigest()
    """What an assessment says."""


class CompanyDigest(EventModel):
    """What the filings of one company in a batch say."""

    ticker: Ticker
    """The company."""
    digest: RiskDigest
    """Over all of its filings that were assessed."""


class MemberFailure(EventModel):
    """A member that did not succeed, and why."""

    member: BatchMember
    """Which."""
    state: TaskState
    """FAILURE or CANCELLED."""
    error: TaskError | None = None
    """Why; None for one that was cancelled."""


class BatchHead(TolerantModel):
    """The part of a batch's status that orders and ages it."""

    status: Literal["OPEN", "ENDED"]
    """As in `BatchStatus`, like the other field."""
    ended: dict[TaskState, int] = Field(default_factory=dict)
    """Orders statuses."""

    @property
    def ended_members(self) -> int:
        """As in `BatchStatus`."""
        return sum(self.ended.values())

    @property
    def order(self) -> StatusOrder:
        """As of a task that ends with the batch's last member: what its life is counted by."""
        return StatusOrder.of_end(1) if self.status == "ENDED" else StatusOrder(1, 0)


class BatchStatus(EventModel):
    """How far a batch is. Its Kafka key is the batch's id; a reader keeps the one with the most ended members."""

    batch_id: str
    """A UUIDv7."""
    status: Literal["OPEN", "ENDED"]
    """`ENDED` once every member has; it is told once and never left."""
    members: Members
    """As they were accepted."""
    ended: dict[TaskState, int] = Field(default_factory=dict)
    """State -> how many members ended in it."""
    submitted_at: datetime
    """When the batch was accepted."""
    ended_at: datetime | None = None
    """When the last of its members ended."""
    callback_url: CallbackUrl | None = None
    """Where its end is told."""
    digest: RiskDigest = RiskDigest()
    """Over all members, once the batch has ended."""
    companies: tuple[CompanyDigest, ...] = ()
    """By ticker, once the batch has ended."""
    failures: tuple[MemberFailure, ...] = ()
    """In the order of the members, once the batch has ended."""

    @property
    def ended_members(self) -> int:
        """How many members have ended: orders the statuses of one batch."""
        return sum(self.ended.values())


def cut_heading(heading: str) -> str:
    """A heading as a highlight has it."""
    return heading if len(heading) <= _LONGEST_HEADING else heading[: _LONGEST_HEADING - 1] + "…"
