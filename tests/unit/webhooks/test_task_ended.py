"""What is told of a task's end."""

import json

import pytest

from schemas.tasks import TaskError, TaskState
from schemas.webhooks import WebhookDelivery, task_ended
from tests.unit.examples import NOON, TASK_ID, a_status, an_assessment
from tests.unit.webhooks.examples import URL


def told(state: TaskState, **more: object) -> WebhookDelivery:
    delivery = task_ended(a_status(state, callback_url=URL, ended_at=NOON, **more), "key-1")
    assert delivery is not None
    return delivery


@pytest.mark.parametrize(
    ("state", "type_"),
    [
        (TaskState.SUCCESS, "task.succeeded"),
        (TaskState.FAILURE, "task.failed"),
        (TaskState.CANCELLED, "task.cancelled"),
    ],
)
def test_the_body_has_type_time_and_the_tasks_facts_and_never_the_result(state: TaskState, type_: str) -> None:
    error = TaskError(type="unavailable", message="The store is away.") if state is TaskState.FAILURE else None
    body = json.loads(told(state, error=error, result=an_assessment()).body)
    assert body == {
        "type": type_,
        "timestamp": "2026-02-03T12:00:00Z",
        "data": {
            "task_id": TASK_ID,
            "status": state.value,
            "ticker": "ACME",
            "filing_year": 2024,
            "error": None if error is None else error.model_dump(),
            "ended_at": "2026-02-03T12:00:00Z",
        },
    }


def test_the_filings_labels_are_told_where_it_has_some() -> None:
    assert json.loads(told(TaskState.SUCCESS, labels={"desk": "credit"}).body)["data"]["labels"] == {"desk": "credit"}


def test_a_task_has_one_end_so_its_notification_has_one_id_however_it_is_repeated() -> None:
    ids = {told(state).webhook_id for state in (TaskState.SUCCESS, TaskState.FAILURE)}
    assert ids == {f"{TASK_ID}-ended"}


def test_an_id_has_no_dot_which_signatures_delimit_it_by() -> None:
    assert "." not in told(TaskState.SUCCESS).webhook_id


def test_nobody_is_told_who_did_not_ask() -> None:
    assert task_ended(a_status(TaskState.SUCCESS, ended_at=NOON), "key-1") is None


def test_every_end_has_a_type() -> None:
    for state in TaskState:
        if state.ended:
            assert told(state).body
