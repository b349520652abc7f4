"""Puts the notification of an end on its topic."""

from datetime import datetime

from schemas.events import webhook_delivery
from schemas.topics import WEBHOOKS
from schemas.webhooks import WebhookDelivery
from transport.publisher import EventPublisher


async def announce(
    events: EventPublisher,
    delivery: WebhookDelivery | None,
    *,
    source: str,
    time: datetime,
    traceparent: str | None = None,
) -> None:
    """Have an end told to the callback URL, if there is one; returns once that is acknowledged."""
    if delivery is not None:
        event = webhook_delivery(delivery, source=source, time=time, traceparent=traceparent)
        await events.publish(WEBHOOKS, delivery.subject, event)
