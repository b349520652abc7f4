"""Deliveries of which a test changes only what it is about."""

from typing import Any

from schemas.tasks import TaskState
from schemas.webhooks import WebhookAttempt, WebhookDelivery, task_ended
from tests.unit.examples import NOON, a_status

URL = "https://example.com/hook"


def a_delivery(**changes: Any) -> WebhookDelivery:
    """What is told of a task's success."""
    delivery = task_ended(a_status(TaskState.SUCCESS, callback_url=URL, ended_at=NOON), "key-1")
    assert delivery is not None
    return WebhookDelivery.model_validate({**delivery.model_dump(), **changes})


def answered(status: int) -> WebhookAttempt:
    """An attempt that was answered."""
    return WebhookAttempt(at=NOON, status=status)
