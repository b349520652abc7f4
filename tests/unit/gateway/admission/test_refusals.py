"""What is refused for what is in it costs a place of the rate, and waits for nothing."""

from datetime import timedelta
from http import HTTPStatus

import pytest

from gateway.admission import Admission
from gateway.problems import Problem
from tests.unit.gateway.admission.admitting import KEY, QUOTA, Clock, limits_of, refusal, submit

THE_SENDERS_FAULT = [HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                     HTTPStatus.UNSUPPORTED_MEDIA_TYPE, HTTPStatus.UNPROCESSABLE_ENTITY]  # fmt: skip
NOT_THE_SENDERS_FAULT = [HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE]


def _refused(admission: Admission, status: HTTPStatus, *, quota: int | None = QUOTA, replay: bool = False) -> Problem:
    def refuse() -> None:
        with admission.submission(KEY, limits_of(quota, waiting=QUOTA), replay=replay):
            raise Problem(status, "any", "As the test says.")

    with pytest.raises(Problem) as refused:
        refuse()
    return refused.value


@pytest.mark.parametrize("status", THE_SENDERS_FAULT)
def test_a_refused_body_costs_a_place_for_a_minute_and_is_told_so(
    admission: Admission, clock: Clock, status: HTTPStatus
) -> None:
    for left in reversed(range(QUOTA)):
        told = _refused(admission, status).headers["RateLimit"]
        assert told.startswith(f'"submissions";r={left};')
    assert refusal(admission).type == "rate_limited"
    clock.later = timedelta(seconds=61)
    for _ in range(QUOTA):
        submit(admission)


@pytest.mark.parametrize("status", NOT_THE_SENDERS_FAULT)
def test_what_the_gateway_or_the_line_is_at_fault_for_costs_nothing(admission: Admission, status: HTTPStatus) -> None:
    for _ in range(2 * QUOTA):
        _refused(admission, status)
    submit(admission)


def test_it_counts_from_when_it_is_refused_however_long_the_body_took(admission: Admission, clock: Clock) -> None:
    def refuse_late() -> None:
        with admission.submission(KEY, limits_of(1)):
            clock.later = timedelta(minutes=5)
            raise Problem(HTTPStatus.BAD_REQUEST, "not_json", "Not JSON.")

    with pytest.raises(Problem):
        refuse_late()
    assert 59 <= int(refusal(admission, limits=limits_of(1)).headers["Retry-After"]) <= 60


def test_a_refused_body_is_no_task_on_its_way(admission: Admission) -> None:
    for _ in range(QUOTA):
        _refused(admission, HTTPStatus.BAD_REQUEST, quota=100)
    for _ in range(QUOTA):
        submit(admission, limits=limits_of(100, waiting=QUOTA))


def test_replays_that_are_refused_cost_places_and_end_like_any_other(admission: Admission, clock: Clock) -> None:
    for _ in range(QUOTA):
        _refused(admission, HTTPStatus.BAD_REQUEST, replay=True)
    assert refusal(admission).type == "rate_limited"
    assert _refused(admission, HTTPStatus.BAD_REQUEST, replay=True).type == "rate_limited"
    clock.later = timedelta(seconds=61)
    with admission.submission(KEY, limits_of(), replay=True):
        submit(admission)


def test_of_an_unlimited_key_nothing_is_kept(admission: Admission) -> None:
    for _ in range(100):
        _refused(admission, HTTPStatus.BAD_REQUEST, quota=None)
    assert admission._places.get(KEY.id, []) == []
