"""TaskStatus: how far a task is, and how it ended."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from pydantic import AwareDatetime, Field

from schemas.base import EventModel, TolerantModel
from schemas.callbacks import CallbackUrl
from schemas.filings import FilingYear, Ticker
from schemas.labels import Labels
from schemas.risks import IndexSummary, RiskAssessment

STEPS = ("reading", "segmenting", "embedding", "scoring", "storing")
"""The steps of one attempt, in order; `Progress.current` counts them from 1."""

STORING = STEPS.index("storing") + 1
"""The step with which a filing's effects begin: what is stored is compared with by other filings."""

MAX_ATTEMPTS = 4


class TaskState(StrEnum):
    """The states of a task."""

    PENDING = "PENDING"
    PROGRESS = "PROGRESS"
    RETRY = "RETRY"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    CANCELLED = "CANCELLED"

    @property
    def ended(self) -> bool:
        """True for the states that a task never leaves."""
        return self in (TaskState.SUCCESS, TaskState.FAILURE, TaskState.CANCELLED)


class Progress(EventModel):
    """How far an attempt is."""

    current: int = Field(ge=0, le=len(STEPS))
    """The step in work, from 1; 0 before the first."""
    total: int = len(STEPS)
    """How many steps an attempt has."""
    status: str
    """The step's name; `waiting` before the first, `finished` after the last."""


WAITING = Progress(current=0, status="waiting")
FINISHED = Progress(current=len(STEPS), status="finished")


def in_step(step: int) -> Progress:
    """The progress of a task in this step, from 1."""
    return Progress(current=step, status=STEPS[step - 1])


class TaskError(EventModel):
    """Why a task failed, or why it is tried again."""

    type: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    """Stable, for machines: e.g. `no_risk_factors_section`, `unavailable`."""
    message: str
    """For a person: what happened and what to do. Never document text, never a stack."""


def expired(retention: timedelta) -> TaskError:
    """Why a task ends that nobody began while its filing was kept."""
    message = f"The filing waited for longer than {retention}, which is how long filings are kept; submit it again."
    return TaskError(type="expired", message=message)


_RETRY_STEP = len(STEPS) + 1
_ENDED_STEP = len(STEPS) + 2


class StatusOrder(NamedTuple):
    """Decides which of two statuses of a task a reader keeps."""

    attempt: int
    step: int
    """0 waiting, 1 to 5 the steps, 6 waiting for a retry, 7 ended."""

    @classmethod
    def of_end(cls, attempt: int) -> "StatusOrder":
        """The order of a terminal status."""
        return cls(attempt, _ENDED_STEP)

    @property
    def ended(self) -> bool:
        """Whether the task is in a state that it never leaves."""
        return self.step == _ENDED_STEP

    def supersedes(self, earlier: "StatusOrder | None") -> bool:
        """Whether a reader that holds `earlier` takes this one: newer, and never out of an end."""
        return earlier is None or (not earlier.ended and self > earlier)


_STEP_OF_STATE = {
    TaskState.RETRY: _RETRY_STEP,
    **{state: _ENDED_STEP for state in TaskState if state.ended},
}


def status_order(state: TaskState, attempt: int, current: int) -> StatusOrder:
    """The order of a status whose progress is at `current`."""
    return StatusOrder(attempt, _STEP_OF_STATE.get(state, current))


class StatusHead(TolerantModel):
    """The part of a status that orders and ages it; reading it skips the result."""

    status: TaskState
    """As in `TaskStatus`, like the other fields."""
    attempt: int = Field(default=1, ge=1, le=MAX_ATTEMPTS)
    """Orders statuses, first."""
    progress: Progress
    """Orders statuses of one attempt."""
    ended_at: datetime | None = None
    """From when the task's life is counted."""

    @property
    def order(self) -> StatusOrder:
        """See `StatusOrder`."""
        return status_order(self.status, self.attempt, self.progress.current)


class StatusFacts(StatusHead):
    """What a task is found by, too; reading it skips the result as well."""

    ticker: Ticker
    """As in `TaskStatus`, like the other fields."""
    submitted_at: AwareDatetime
    """Orders tasks; a time without a zone can't."""
    labels: Labels = Field(default_factory=dict)
    """As in `TaskStatus`."""


class TaskOrigin(TolerantModel):
    """The part of a status that stays the same through a task's life."""

    ticker: Ticker
    """As in `TaskStatus`, like the other fields."""
    filing_year: FilingYear
    """As in the filing event."""
    submitted_at: datetime
    """When the filing was accepted."""
    redriven_from: str | None = None
    """The task whose dead letter this one was made from."""
    labels: Labels = Field(default_factory=dict)
    """As in the filing event."""
    batch_id: str | None = None
    """The batch that it was submitted with."""
    callback_url: CallbackUrl | None = None
    """Where its end is told, as in the filing event."""


class TaskStatus(EventModel):
    """The state of one task: the value of a status event, and the body of `GET /tasks/{id}`."""

    task_id: str
    """A UUIDv7: the id of the filing event."""
    status: TaskState
    """Where the task is in its life."""
    progress: Progress
    """How far the attempt is, or was when it ended."""
    result: RiskAssessment | IndexSummary | None = None
    """On SUCCESS: the assessment with its most severe `retrieve_top_k` risks, or the index summary."""
    error: TaskError | None = None
    """On FAILURE: why; on RETRY: why the last attempt failed."""
    ticker: Ticker
    """As in the filing event."""
    filing_year: FilingYear
    """As in the filing event."""
    attempt: int = Field(default=1, ge=1, le=MAX_ATTEMPTS)
    """Which attempt it is in."""
    due_at: datetime | None = None
    """When a task that waits for a retry is tried again."""
    submitted_at: datetime
    """When the filing was accepted."""
    started_at: datetime | None = None
    """When the work of this attempt began."""
    ended_at: datetime | None = None
    """When the task reached its end."""
    labels: Labels = Field(default_factory=dict)
    """As in the filing event."""
    redriven_from: str | None = None
    """The task whose dead letter this one was made from."""
    batch_id: str | None = None
    """The batch that it was submitted with."""
    callback_url: CallbackUrl | None = None
    """Where its end is told, as in the filing event; to other keys that may read the task, without path and query."""

    @property
    def order(self) -> StatusOrder:
        """See `StatusOrder`."""
        return status_order(self.status, self.attempt, self.progress.current)
