"""WebhookDelivery: a notification on its way to a callback URL, and how far it is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple

import orjson
from pydantic import Field

from schemas.base import EventModel
from schemas.batches import BatchStatus
from schemas.callbacks import Callback, CallbackUrl
from schemas.tasks import TaskState, TaskStatus

WebhookOutcome = Literal["delivered", "gone", "given_up", "no_secret"]

_EVENT_TYPES = {
    TaskState.SUCCESS: "task.succeeded",
    TaskState.FAILURE: "task.failed",
    TaskState.CANCELLED: "task.cancelled",
}


class WebhookOrder(NamedTuple):
    """Decides which of two states of a delivery a reader keeps: the greater one."""

    resent: int
    attempts: int
    ended: bool


class WebhookAttempt(EventModel):
    """One attempt to deliver."""

    at: datetime
    """When its result was known."""
    status: int | None = None
    """The HTTP status of the answer, where one came."""
    error: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] | None = None
    """Why none came, for machines: `timeout`, `address_refused`, ..."""


class WebhookDelivery(EventModel):
    """The state of one delivery: the value of a webhook event. Of several, the one of the greatest order counts."""

    webhook_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,100}$")]
    """Names what is told, to the receiver, too: the same however often it is sent. Without a dot, which signatures
    delimit it by."""
    subject: str
    """The task or the batch that it is about; also the event's key."""
    url: CallbackUrl
    """Where it goes."""
    owner: str | None
    """The API key whose secret signs it."""
    body: str
    """What is sent, to the letter."""
    resent: int = Field(default=0, ge=0)
    """How often an operator had it sent anew."""
    attempts: int = Field(default=0, ge=0)
    """How many attempts were made since it was first or last sent."""
    due_at: datetime | None = None
    """When it is attempted again; None: at once, or never where it has ended."""
    last_attempt: WebhookAttempt | None = None
    """The newest attempt."""
    outcome: WebhookOutcome | None = None
    """How it ended: `delivered` by a 2xx, `gone` by a 410, `given_up` after the last attempt, `no_secret` where
    nobody could sign it."""

    @property
    def order(self) -> WebhookOrder:
        """See `WebhookOrder`."""
        return WebhookOrder(self.resent, self.attempts, self.outcome is not None)

    @property
    def receiver(self) -> str:
        """Who is called, without path and query."""
        return Callback.of(self.url).receiver


def task_ended(status: TaskStatus, owner: str | None) -> WebhookDelivery | None:
    """What is delivered of a task's end; None where nobody asked to be told.

    A task has one end, so its id names the notification. Small on purpose: the receiver reads the result itself.
    """
    if status.callback_url is None or status.ended_at is None:
        return None
    told = {"task_id", "status", "ticker", "filing_year", "error", "ended_at", *(["labels"] if status.labels else [])}
    body = _body(_EVENT_TYPES[status.status], status.ended_at, status.model_dump(mode="json", include=told))
    return _ended(status.task_id, status.callback_url, owner, body)


def batch_ended(status: BatchStatus, owner: str | None) -> WebhookDelivery | None:
    """What is delivered of a batch's end, as `task_ended` of a task's; its members' own callbacks are theirs."""
    if status.callback_url is None or status.ended_at is None:
        return None
    told = status.model_dump(mode="json", include={"batch_id", "status", "ended", "ended_at"})
    body = _body("batch.ended", status.ended_at, {"counts": told.pop("ended"), **told})
    return _ended(status.batch_id, status.callback_url, owner, body)


def _body(type_: str, ended_at: datetime, data: Mapping[str, Any]) -> str:
    body = {"type": type_, "timestamp": ended_at, "data": data}
    return orjson.dumps(body, option=orjson.OPT_UTC_Z).decode()


def _ended(subject: str, url: str, owner: str | None, body: str) -> WebhookDelivery:
    return WebhookDelivery(webhook_id=f"{subject}-ended", subject=subject, url=url, owner=owner, body=body)
