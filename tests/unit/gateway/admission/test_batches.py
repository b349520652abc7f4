"""A batch is admitted with a place for each of its filings, or not at all."""

from datetime import timedelta

import pytest

from gateway.admission import Admission
from gateway.problems import Problem
from tests.unit.gateway.admission.admitting import KEY, QUOTA, Clock, FakeIndex, elsewhere, limits_of, refusal, submit


def test_each_filing_of_a_batch_takes_a_place_and_all_are_given_back_where_none_was_published(
    admission: Admission,
) -> None:
    for _ in range(2):
        with admission.submission(KEY, limits_of()), admission.further(KEY, limits_of(), QUOTA - 1) as others:
            assert len(others) == QUOTA - 1
            assert refusal(admission).type == "rate_limited"
    submit(admission)


def test_a_batch_that_finds_too_few_places_costs_one_and_is_told_when_there_is_room_for_all_of_it(
    admission: Admission, clock: Clock, index: FakeIndex
) -> None:
    elsewhere(index, clock, *(10.0 * number for number in range(1, QUOTA)))
    with (
        pytest.raises(Problem) as refused,
        admission.submission(KEY, limits_of()),
        admission.further(KEY, limits_of(), 1),
    ):
        pass
    assert refused.value.type == "rate_limited"
    wait = int(refused.value.headers["Retry-After"])
    assert wait == 60 - 10 * (QUOTA - 2)
    refusal(admission)
    clock.later = timedelta(seconds=wait)
    with admission.submission(KEY, limits_of()), admission.further(KEY, limits_of(), 1):
        pass


def test_a_batch_that_no_wait_makes_room_for_is_told_to_be_smaller(admission: Admission) -> None:
    with pytest.raises(Problem, match="Send smaller ones") as refused, admission.further(KEY, limits_of(), QUOTA):
        pass
    assert refused.value.headers["Retry-After"] == "60"


def test_the_filings_of_a_batch_count_among_the_tasks_on_their_way(admission: Admission) -> None:
    limits = limits_of(None, waiting=3)
    with admission.submission(KEY, limits), pytest.raises(Problem) as refused, admission.further(KEY, limits, 3):
        pass
    assert refused.value.type == "too_many_waiting"
    with admission.submission(KEY, limits), admission.further(KEY, limits, 2):
        pass
