"""Puts the notification of a task's end on its topic."""

from datetime import datetime

from schemas.events import webhook_delivery
from schemas.tasks import TaskStatus
from schemas.topics import WEBHOOKS
from schemas.webhooks import task_ended
from transport.publisher import EventPublisher


async def announce_end(
    events: EventPublisher,
    status: TaskStatus,
    *,
    owner: str | None,
    source: str,
    time: datetime,
    traceparent: str | None = None,
) -> None:
    """Have a task's end told to its callback URL, if it has one; returns once that is acknowledged."""
    delivery = task_ended(status, owner)
    if delivery is not None:
        event = webhook_delivery(delivery, source=source, time=time, traceparent=traceparent)
        await events.publish(WEBHOOKS, delivery.subject, event)
