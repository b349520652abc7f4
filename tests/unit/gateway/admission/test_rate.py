"""So many submissions a key are admitted within a minute, over all gateways, and none slips through."""

from contextlib import ExitStack
from datetime import timedelta
from http import HTTPStatus

import pytest

from gateway.admission import Admission, Place
from gateway.problems import Problem
from tests.unit.examples import an_api_key
from tests.unit.gateway.admission.admitting import KEY, QUOTA, Clock, FakeIndex, elsewhere, limits_of, refusal, submit


def test_as_many_as_the_limit_are_admitted_and_the_next_is_told_when_to_come(admission: Admission) -> None:
    for _ in range(QUOTA):
        submit(admission)
    problem = refusal(admission)
    assert problem.type == "rate_limited"
    assert 58 <= int(problem.headers["Retry-After"]) <= 60


def test_each_leaves_the_window_a_minute_after_it_was_made_and_not_all_at_once(
    admission: Admission, clock: Clock
) -> None:
    submit(admission)
    clock.later = timedelta(seconds=30)
    submit(admission)
    submit(admission)
    assert 28 <= int(refusal(admission).headers["Retry-After"]) <= 30
    clock.later = timedelta(seconds=61)
    submit(admission)
    assert 27 <= int(refusal(admission).headers["Retry-After"]) <= 30


def test_of_many_at_once_only_as_many_as_the_limit_are_under_way(admission: Admission) -> None:
    with ExitStack() as under_way:
        for _ in range(QUOTA):
            under_way.enter_context(admission.submission(KEY, limits_of()))
        assert refusal(admission).type == "rate_limited"


def test_a_body_that_takes_minutes_to_come_keeps_its_place(admission: Admission, clock: Clock) -> None:
    with ExitStack() as under_way:
        for _ in range(QUOTA):
            under_way.enter_context(admission.submission(KEY, limits_of()))
        clock.later = timedelta(minutes=5)
        assert refusal(admission).type == "rate_limited"


def test_what_other_gateways_accepted_counts(admission: Admission, index: FakeIndex, clock: Clock) -> None:
    elsewhere(index, clock, 61, 50, 10)
    submit(admission)
    assert 9 <= int(refusal(admission).headers["Retry-After"]) <= 10


def test_what_the_table_shows_of_our_own_counts_once(admission: Admission, index: FakeIndex) -> None:
    for _ in range(QUOTA):
        index.ids.setdefault(KEY.id, set()).add(submit(admission))
    refusal(admission)


def test_what_the_table_shows_while_it_is_still_being_published_counts_once(
    admission: Admission, index: FakeIndex
) -> None:
    with ExitStack() as under_way:
        for _ in range(QUOTA - 1):
            place = under_way.enter_context(admission.submission(KEY, limits_of()))
            index.ids.setdefault(KEY.id, set()).add(place.publishing())
        submit(admission)
        refusal(admission)


def test_where_more_were_accepted_than_the_limit_it_is_told_when_enough_have_left(
    admission: Admission, index: FakeIndex, clock: Clock
) -> None:
    elsewhere(index, clock, 59, 58, 20, 10, 5)
    assert 39 <= int(refusal(admission).headers["Retry-After"]) <= 40


def test_a_submission_that_breaks_off_does_not_count(admission: Admission) -> None:
    for _ in range(5):
        with pytest.raises(ConnectionError, match="gone"), admission.submission(KEY, limits_of()):
            raise ConnectionError("gone")
    for _ in range(QUOTA):
        submit(admission)
    for _ in range(3):
        refusal(admission)


def test_a_submission_that_surely_failed_does_not_count(admission: Admission) -> None:
    for _ in range(5):
        with admission.submission(KEY, limits_of()) as place:
            place.publishing()
            place.given_back()
    for _ in range(QUOTA):
        submit(admission)


def test_a_submission_of_unknown_outcome_counts(admission: Admission) -> None:
    def _fails(place: Place) -> None:
        place.publishing()
        raise TimeoutError

    for _ in range(QUOTA):
        with pytest.raises(TimeoutError), admission.submission(KEY, limits_of()) as place:
            _fails(place)
    refusal(admission)


def test_one_that_fails_after_the_table_showed_it_leaves_its_place(admission: Admission, index: FakeIndex) -> None:
    with admission.submission(KEY, limits_of()) as place:
        index.ids[KEY.id] = {place.publishing()}
        submit(admission)
        index.ids[KEY.id] = set()
        place.given_back()
    for _ in range(QUOTA - 1):
        submit(admission)
    refusal(admission)


def test_a_replay_takes_no_place_and_is_admitted_where_none_is_left(admission: Admission) -> None:
    limits = limits_of(waiting=QUOTA)
    for _ in range(2):
        with admission.submission(KEY, limits, replay=True) as place:
            assert place.replay
    for _ in range(QUOTA):
        submit(admission, limits=limits)
    with admission.submission(KEY, limits, replay=True):
        assert refusal(admission, limits=limits).type == "rate_limited"
    assert admission.rate_headers(KEY, limits)["RateLimit"].startswith('"submissions";r=0;')


def test_keys_do_not_count_for_each_other(admission: Admission) -> None:
    for _ in range(QUOTA):
        submit(admission)
    submit(admission, an_api_key("key-2"))


def test_an_unlimited_key_is_never_refused_and_nothing_is_kept_of_it(admission: Admission) -> None:
    for _ in range(1000):
        submit(admission, limits=limits_of(None))
    assert admission._places == {}


def test_nothing_is_kept_of_what_the_table_shows_or_what_left_the_window(
    admission: Admission, index: FakeIndex, clock: Clock
) -> None:
    index.ids[KEY.id] = {submit(admission)}
    submit(admission)
    assert len(admission._places[KEY.id]) == 1
    clock.later = timedelta(seconds=61)
    admission.rate_headers(KEY, limits_of())
    assert admission._places == {}


def test_the_headers_tell_what_is_left_and_when_there_is_more(
    admission: Admission, index: FakeIndex, clock: Clock
) -> None:
    policy = '"submissions";q=3;w=60'
    fresh = {"RateLimit-Policy": policy, "RateLimit": '"submissions";r=3;t=60'}
    assert admission.rate_headers(KEY, limits_of()) == fresh
    elsewhere(index, clock, 20.5)
    assert admission.rate_headers(KEY, limits_of())["RateLimit"] == '"submissions";r=2;t=40'
    elsewhere(index, clock, 10.5, 5.5, 3.5, 1.5)
    assert admission.rate_headers(KEY, limits_of())["RateLimit"] == '"submissions";r=0;t=55'


@pytest.mark.parametrize("replay", [False, True])
def test_every_refusal_inside_tells_the_rate_as_it_is_now(admission: Admission, replay: bool) -> None:
    def _refuse() -> None:
        with admission.submission(KEY, limits_of(), replay=replay):
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "overloaded", "No room.")

    with pytest.raises(Problem) as refused:
        _refuse()
    assert refused.value.headers == {
        "RateLimit-Policy": '"submissions";q=3;w=60',
        "RateLimit": '"submissions";r=3;t=60',
    }


def test_a_key_without_a_rate_is_told_none(admission: Admission) -> None:
    assert admission.rate_headers(KEY, limits_of(None)) == {}
