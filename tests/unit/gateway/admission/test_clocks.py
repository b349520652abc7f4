"""Submissions are counted right where clocks differ a little, and where one is set back."""

from contextlib import ExitStack
from datetime import timedelta

from gateway.admission import Admission
from schemas.identifiers import task_created_at
from tests.unit.gateway.admission.admitting import KEY, QUOTA, Clock, FakeIndex, elsewhere, limits_of, refusal, submit

HOUR = timedelta(hours=1)


def test_a_task_is_as_old_as_the_clock_says_also_when_it_was_set_back(admission: Admission, clock: Clock) -> None:
    for clock.later in (timedelta(), -HOUR):
        made = task_created_at(submit(admission))
        assert made is not None
        assert abs(clock() - made) < timedelta(seconds=10)


def test_what_this_gateway_admitted_before_its_clock_was_set_back_counts_no_longer(
    admission: Admission, clock: Clock
) -> None:
    for _ in range(QUOTA):
        submit(admission)
    clock.later = -HOUR
    for _ in range(QUOTA):
        submit(admission)
    assert int(refusal(admission).headers["Retry-After"]) <= 60


def test_tasks_of_a_time_to_come_take_no_place_and_hide_none_that_counts(
    admission: Admission, index: FakeIndex, clock: Clock
) -> None:
    elsewhere(index, clock, *(-600 - number for number in range(2 * QUOTA)))
    elsewhere(index, clock, 20.5)
    for _ in range(QUOTA - 1):
        submit(admission)
    assert int(refusal(admission).headers["Retry-After"]) == 40


def test_a_body_that_was_on_its_way_when_the_clock_was_set_back_counts_until_it_is_here(
    admission: Admission, clock: Clock
) -> None:
    with ExitStack() as under_way:
        for _ in range(QUOTA):
            under_way.enter_context(admission.submission(KEY, limits_of()))
        clock.later = -HOUR
        assert int(refusal(admission).headers["Retry-After"]) <= 60


def test_what_a_gateway_accepted_whose_clock_is_some_seconds_ahead_counts(
    admission: Admission, index: FakeIndex, clock: Clock
) -> None:
    elsewhere(index, clock, *([-9] * QUOTA))
    assert 68 <= int(refusal(admission).headers["Retry-After"]) <= 69
