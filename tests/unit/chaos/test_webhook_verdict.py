"""The chaos run's verdict on webhooks finds what is wrong with them."""

from dataclasses import replace

from tests.system.chaos.callbacks import Told
from tests.system.chaos.webhook_verdict import WebhookFaults, faults_of_webhooks, repeated

ENDS = {"task-1": "SUCCESS", "task-2": "FAILURE"}
FIRST = Told("task-1", "task-1-ended", "SUCCESS", genuine=True, taken=True)
SECOND = Told("task-2", "task-2-ended", "FAILURE", genuine=True, taken=True)


def faults(*told: Told) -> WebhookFaults:
    """The faults, where these came and both tasks have a callback."""
    return faults_of_webhooks([*ENDS], told, ENDS)


def test_ends_that_were_told_are_right_however_often_they_are_told_and_whatever_was_answered_before() -> None:
    told = (replace(FIRST, taken=False), FIRST, SECOND, FIRST)
    assert faults(*told) == WebhookFaults(missing=[], wrong=[])
    assert repeated(told) == 1


def test_an_end_that_nobody_took_note_of_is_missing() -> None:
    assert faults(SECOND).missing == ["task-1"]
    assert faults(replace(FIRST, taken=False), SECOND).missing == ["task-1"]


def test_an_end_that_is_told_otherwise_than_it_was_or_that_was_none_is_wrong() -> None:
    assert faults(FIRST, replace(SECOND, state="SUCCESS")).wrong == ["task-2"]
    assert faults(FIRST, SECOND, Told("task-3", "task-3-ended", "SUCCESS", genuine=True, taken=True)).wrong == [
        "task-3"
    ]


def test_an_end_under_a_second_id_or_under_that_of_another_task_is_wrong() -> None:
    assert faults(FIRST, SECOND, replace(FIRST, webhook_id="another")).wrong == ["task-1"]
    assert faults(FIRST, replace(SECOND, webhook_id=FIRST.webhook_id)).wrong == ["task-1", "task-2"]


def test_a_request_that_is_not_signed_by_our_secret_is_wrong() -> None:
    assert faults(FIRST, SECOND, replace(FIRST, genuine=False)).wrong == ["task-1"]
