"""What comes after an attempt: the end of a delivery, or a longer wait than before."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus

from schemas.webhooks import WebhookAttempt, WebhookDelivery, WebhookOutcome

DELAYS = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 7200.0, 14400.0, 21600.0, 36000.0)
"""Seconds; 23.7 hours from the first attempt to the last, and none near the two days that the topic keeps a record."""


def after(
    delivery: WebhookDelivery, attempt: WebhookAttempt, *, delays: Sequence[float], now: datetime, stretch: float
) -> WebhookDelivery:
    """The delivery's state behind an attempt.

    Args:
        delays: seconds before the second and each later attempt; after the last one it is given up.
        stretch: what its delay is multiplied by: receivers that came back would get what waited for them at once.
    """
    attempts = delivery.attempts + 1
    outcome = _outcome(attempt.status)
    if outcome is None and attempts > len(delays):
        outcome = "given_up"
    due_at = None if outcome is not None else now + timedelta(seconds=delays[attempts - 1] * stretch)
    return delivery.model_copy(
        update={"attempts": attempts, "last_attempt": attempt, "outcome": outcome, "due_at": due_at}
    )


def _outcome(status: int | None) -> WebhookOutcome | None:
    if status is None:
        return None
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return "delivered"
    return "gone" if status == HTTPStatus.GONE else None
