"""What comes after an attempt."""

from datetime import timedelta

import pytest

from schemas.webhooks import WebhookAttempt, WebhookDelivery
from streams.webhooks.schedule import DELAYS, after
from tests.unit.examples import NOON
from tests.unit.webhooks.examples import a_delivery, answered


def behind(attempt: WebhookAttempt, delivery: WebhookDelivery | None = None, stretch: float = 1.0) -> WebhookDelivery:
    return after(delivery or a_delivery(), attempt, delays=DELAYS, now=NOON, stretch=stretch)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_ends_it(status: int) -> None:
    state = behind(answered(status))
    assert (state.outcome, state.due_at, state.attempts) == ("delivered", None, 1)


def test_a_410_stops_it() -> None:
    assert (behind(answered(410)).outcome, behind(answered(410)).due_at) == ("gone", None)


@pytest.mark.parametrize("status", [101, 199, 300, 301, 302, 307, 308, 400, 401, 404, 429, 500, 502, 503])
def test_any_other_answer_is_tried_again(status: int) -> None:
    state = behind(answered(status))
    assert (state.outcome, state.due_at) == (None, NOON + timedelta(seconds=5))
    assert state.last_attempt == answered(status)


@pytest.mark.parametrize("error", ["timeout", "address_refused", "tls_failed", "no_secret"])
def test_and_so_is_what_was_not_answered(error: str) -> None:
    assert behind(WebhookAttempt(at=NOON, error=error)).outcome is None


def test_delays_grow_for_about_a_day_then_it_is_given_up() -> None:
    state, waited = a_delivery(), []
    while state.outcome is None:
        state = behind(answered(500), state)
        waited += [] if state.due_at is None else [state.due_at - NOON]
    assert state.outcome == "given_up"
    assert state.attempts == len(waited) + 1
    assert waited == sorted(waited)
    assert timedelta(hours=20) < sum(waited, timedelta()) < timedelta(hours=28)


def test_receivers_that_come_back_are_not_sent_all_at_once() -> None:
    assert behind(answered(500), stretch=1.1).due_at == NOON + timedelta(seconds=5.5)


def test_what_is_told_stays_the_same_to_the_letter() -> None:
    first = a_delivery()
    state = behind(answered(500), first)
    assert (state.webhook_id, state.body, state.url) == (first.webhook_id, first.body, first.url)
    assert state.order > first.order
