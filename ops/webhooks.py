"""Webhook deliveries as an operator sees them: how each stands, and sent anew."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from schemas.events import webhook_delivery
from schemas.topics import WEBHOOKS
from schemas.webhooks import WebhookDelivery
from streams.incoming import FilingRecord
from transport.publisher import EventPublisher

_SOURCE = "/sigmak/resend"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery: its newest state, that state's record, and when it was first asked for."""

    state: WebhookDelivery
    record: FilingRecord
    asked_at: datetime


def fold(records: Iterable[FilingRecord]) -> list[Delivery]:
    """The deliveries among the records of the webhook topic, the oldest first; what is none is left out."""
    found: dict[str, Delivery] = {}
    for record in records:
        try:
            state = WebhookDelivery.model_validate_json(record.value or b"")
        except ValidationError:
            continue
        earlier = found.get(state.webhook_id)
        if earlier is None:
            found[state.webhook_id] = Delivery(state, record, record.timestamp)
        elif state.order > earlier.state.order:
            found[state.webhook_id] = Delivery(state, record, earlier.asked_at)
    return sorted(found.values(), key=lambda delivery: (delivery.asked_at, delivery.state.webhook_id))


async def resend(delivery: Delivery, events: EventPublisher, now: Callable[[], datetime]) -> None:
    """Have it sent anew, at once and with all its attempts, under the same id; returns once that is acknowledged."""
    again = delivery.state.model_copy(
        update={
            "resent": delivery.state.resent + 1,
            "attempts": 0,
            "due_at": None,
            "last_attempt": None,
            "outcome": None,
        }
    )
    event = webhook_delivery(again, source=_SOURCE, time=now())
    record = delivery.record
    await events.publish_raw(WEBHOOKS, record.key, event.data, event.headers(), partition=record.partition)
