"""Cancellation: the event that asks for a task to be ended before its effects begin."""

from datetime import datetime

from pydantic import Field

from schemas.base import EventModel
from schemas.callbacks import CallbackUrl
from schemas.filings import FilingYear, Ticker
from schemas.labels import Labels


class Cancellation(EventModel):
    """A task's owner wants it to end. Its Kafka key is the ticker: it comes to the worker that has the filing.

    It carries what a task's status tells beside its state, since the filing itself may wait far behind.
    """

    task_id: str
    """The task to end."""
    ticker: Ticker
    """As in the filing event."""
    filing_year: FilingYear
    """As in the filing event."""
    submitted_at: datetime
    """When the filing was accepted."""
    redriven_from: str | None = None
    """The task whose dead letter the task was made from."""
    labels: Labels = Field(default_factory=dict)
    """As in the filing event."""
    batch_id: str | None = None
    """The batch that the task is a member of."""
    callback_url: CallbackUrl | None = None
    """Where its end is told, as in the filing event."""
