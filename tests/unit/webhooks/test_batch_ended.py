"""What is told of a batch's end."""

import json
from typing import Any

import pytest

from schemas.batches import BatchStatus
from schemas.tasks import TaskState
from schemas.webhooks import WebhookDelivery, batch_ended
from tests.unit.examples import TASK_ID
from tests.unit.gateway.batches.examples import a_batch
from tests.unit.webhooks.examples import URL

COUNTS = {TaskState.SUCCESS: 2, TaskState.CANCELLED: 1}


def ended(**changes: Any) -> BatchStatus:
    return a_batch(TASK_ID, **{"ended": COUNTS, "callback_url": URL, **changes})


def told(status: BatchStatus) -> WebhookDelivery:
    delivery = batch_ended(status, "key-1")
    assert delivery is not None
    return delivery


def test_the_body_has_type_time_and_counts_and_never_what_the_filings_say() -> None:
    assert json.loads(told(ended()).body) == {
        "type": "batch.ended",
        "timestamp": "2026-02-03T12:00:00Z",
        "data": {
            "batch_id": TASK_ID,
            "status": "ENDED",
            "counts": {"SUCCESS": 2, "CANCELLED": 1},
            "ended_at": "2026-02-03T12:00:00Z",
        },
    }


def test_a_batch_has_one_end_and_so_one_notification_which_its_owner_signs() -> None:
    delivery = told(ended())
    assert (delivery.webhook_id, delivery.subject) == (f"{TASK_ID}-ended", TASK_ID)
    assert (delivery.url, delivery.owner) == (URL, "key-1")
    assert told(ended()) == delivery


@pytest.mark.parametrize("status", [ended(callback_url=None), ended(ended={TaskState.SUCCESS: 2})])
def test_nobody_is_told_who_did_not_ask_or_of_what_is_no_end(status: BatchStatus) -> None:
    assert batch_ended(status, "key-1") is None
