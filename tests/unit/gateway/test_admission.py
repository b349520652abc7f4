"""Which submissions are admitted: so many a key within a minute, over all gateways, and none slips through."""

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import pytest

from gateway.admission import Admission, Place
from gateway.keys import ApiKey
from gateway.limits import Limits
from gateway.problems import Problem
from schemas.identifiers import derived_task_id, task_created_at
from tests.unit.examples import an_api_key

QUOTA = 3
KEY = an_api_key("key-1")


class FakeIndex:
    """A status table by owner.

    Attributes:
        ids: owner -> its tasks.
        unended: owner -> how many have not ended.
    """

    def __init__(self) -> None:
        self.ids: dict[str, set[str]] = {}
        self.unended: dict[str, int] = {}

    def task_ids_since(self, owner: str, moment: datetime, limit: int) -> Sequence[str]:
        """The newest."""
        return sorted((id_ for id_ in self.ids.get(owner, ()) if _made(id_) >= moment), reverse=True)[:limit]

    def waiting(self, owner: str) -> int:
        """As the test says."""
        return self.unended.get(owner, 0)

    def shows(self, task_id: str) -> bool:
        """Whether it is anybody's."""
        return any(task_id in ids for ids in self.ids.values())


class Clock:
    """The time that it is, and as much later as a test says."""

    def __init__(self) -> None:
        self.later = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.later


@pytest.fixture
def index() -> FakeIndex:
    return FakeIndex()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def admission(index: FakeIndex, clock: Clock) -> Admission:
    return Admission(index, clock)


def _made(task_id: str) -> datetime:
    made = task_created_at(task_id)
    assert made is not None
    return made


def _limits(quota: int | None = QUOTA, waiting: int | None = None) -> Limits:
    return Limits(submissions_per_minute=quota, max_body_bytes=1024, open_streams=None, waiting_tasks=waiting)


def _submit(admission: Admission, key: ApiKey = KEY, limits: Limits | None = None) -> str:
    """A submission that is accepted; returns its task's id."""
    with admission.submission(key, limits or _limits()) as place:
        return place.publishing()


def _refusal(admission: Admission, key: ApiKey = KEY, limits: Limits | None = None) -> Problem:
    with pytest.raises(Problem) as refused:
        _submit(admission, key, limits)
    assert refused.value.status == 429
    return refused.value


def _elsewhere(index: FakeIndex, clock: Clock, *ages: float) -> None:
    """Tasks of the key that another gateway accepted so many seconds ago."""
    for number, age in enumerate(ages):
        moment = clock() - timedelta(seconds=age)
        index.ids.setdefault(KEY.id, set()).add(derived_task_id(moment, number))


def test_as_many_as_the_limit_are_admitted_and_the_next_is_told_when_to_come(admission: Admission) -> None:
    for _ in range(QUOTA):
        _submit(admission)
    problem = _refusal(admission)
    assert problem.type == "rate_limited"
    assert 58 <= int(problem.headers["Retry-After"]) <= 60


def test_each_leaves_the_window_a_minute_after_it_was_made_and_not_all_at_once(
    admission: Admission, clock: Clock
) -> None:
    _submit(admission)
    clock.later = timedelta(seconds=30)
    with admission.submission(KEY, _limits()) as place:
        place.task_id = derived_task_id(clock())
    with admission.submission(KEY, _limits()) as place:
        place.task_id = derived_task_id(clock(), 2)
    assert 28 <= int(_refusal(admission).headers["Retry-After"]) <= 30
    clock.later = timedelta(seconds=61)
    with admission.submission(KEY, _limits()) as place:
        place.task_id = derived_task_id(clock())
    assert 27 <= int(_refusal(admission).headers["Retry-After"]) <= 30


def test_of_many_at_once_only_as_many_as_the_limit_are_under_way(admission: Admission) -> None:
    with ExitStack() as under_way:
        for _ in range(QUOTA):
            under_way.enter_context(admission.submission(KEY, _limits()))
        assert _refusal(admission).type == "rate_limited"


def test_a_body_that_takes_minutes_to_come_keeps_its_place(admission: Admission, clock: Clock) -> None:
    with ExitStack() as under_way:
        for _ in range(QUOTA):
            under_way.enter_context(admission.submission(KEY, _limits()))
        clock.later = timedelta(minutes=5)
        assert _refusal(admission).type == "rate_limited"


def test_what_other_gateways_accepted_counts(admission: Admission, index: FakeIndex, clock: Clock) -> None:
    _elsewhere(index, clock, 61, 50, 10)
    _submit(admission)
    assert 9 <= int(_refusal(admission).headers["Retry-After"]) <= 10


def test_what_the_table_shows_of_our_own_counts_once(admission: Admission, index: FakeIndex) -> None:
    for _ in range(QUOTA):
        index.ids.setdefault(KEY.id, set()).add(_submit(admission))
    _refusal(admission)


def test_what_the_table_shows_while_it_is_still_being_published_counts_once(
    admission: Admission, index: FakeIndex
) -> None:
    with ExitStack() as under_way:
        for _ in range(QUOTA - 1):
            place = under_way.enter_context(admission.submission(KEY, _limits()))
            index.ids.setdefault(KEY.id, set()).add(place.publishing())
        _submit(admission)
        _refusal(admission)


def test_where_more_were_accepted_than_the_limit_it_is_told_when_enough_have_left(
    admission: Admission, index: FakeIndex, clock: Clock
) -> None:
    _elsewhere(index, clock, 59, 58, 20, 10, 5)
    assert 39 <= int(_refusal(admission).headers["Retry-After"]) <= 40


def test_a_refused_submission_does_not_count(admission: Admission) -> None:
    for _ in range(5):
        with pytest.raises(ValueError, match="not valid"), admission.submission(KEY, _limits()):
            raise ValueError("not valid")
    for _ in range(QUOTA):
        _submit(admission)
    for _ in range(3):
        _refusal(admission)


def test_a_submission_that_surely_failed_does_not_count(admission: Admission) -> None:
    for _ in range(5):
        with admission.submission(KEY, _limits()) as place:
            place.publishing()
            place.given_back()
    for _ in range(QUOTA):
        _submit(admission)


def test_a_submission_of_unknown_outcome_counts(admission: Admission) -> None:
    def _fails(place: Place) -> None:
        place.publishing()
        raise TimeoutError

    for _ in range(QUOTA):
        with pytest.raises(TimeoutError), admission.submission(KEY, _limits()) as place:
            _fails(place)
    _refusal(admission)


def test_one_that_fails_after_the_table_showed_it_leaves_its_place(admission: Admission, index: FakeIndex) -> None:
    with admission.submission(KEY, _limits()) as place:
        index.ids[KEY.id] = {place.publishing()}
        _submit(admission)
        index.ids[KEY.id] = set()
        place.given_back()
    for _ in range(QUOTA - 1):
        _submit(admission)
    _refusal(admission)


def test_a_replay_takes_no_place_and_is_admitted_where_none_is_left(admission: Admission) -> None:
    limits = _limits(waiting=QUOTA)
    for _ in range(2):
        with admission.submission(KEY, limits, replay=True) as place:
            assert place.replay
    for _ in range(QUOTA):
        _submit(admission, limits=limits)
    with admission.submission(KEY, limits, replay=True):
        assert _refusal(admission, limits=limits).type == "rate_limited"
    assert admission.rate_headers(KEY, limits)["RateLimit"].startswith('"submissions";r=0;')


def test_keys_do_not_count_for_each_other(admission: Admission) -> None:
    for _ in range(QUOTA):
        _submit(admission)
    _submit(admission, an_api_key("key-2"))


def test_an_unlimited_key_is_never_refused_and_nothing_is_kept_of_it(admission: Admission) -> None:
    for _ in range(1000):
        _submit(admission, limits=_limits(None))
    assert admission._places == {}


def test_nothing_is_kept_of_what_the_table_shows_or_what_left_the_window(
    admission: Admission, index: FakeIndex, clock: Clock
) -> None:
    index.ids[KEY.id] = {_submit(admission)}
    _submit(admission)
    assert len(admission._places[KEY.id]) == 1
    clock.later = timedelta(seconds=61)
    admission.rate_headers(KEY, _limits())
    assert admission._places == {}


def test_a_key_with_too_many_tasks_on_their_way_is_refused_until_one_ends(
    admission: Admission, index: FakeIndex
) -> None:
    index.unended[KEY.id] = 4
    limits = _limits(None, waiting=5)
    _submit(admission, limits=limits)
    problem = _refusal(admission, limits=limits)
    assert problem.type == "too_many_waiting"
    assert int(problem.headers["Retry-After"]) > 0
    index.unended[KEY.id] = 3
    _submit(admission, limits=limits)


def test_what_the_table_counts_as_waiting_is_not_counted_again(admission: Admission, index: FakeIndex) -> None:
    limits = _limits(None, waiting=2)
    for number in range(2):
        index.ids.setdefault(KEY.id, set()).add(_submit(admission, limits=limits))
        index.unended[KEY.id] = number + 1
    assert _refusal(admission, limits=limits).type == "too_many_waiting"


def test_of_many_at_once_only_as_many_as_may_wait_are_under_way(admission: Admission) -> None:
    limits = _limits(None, waiting=2)
    with ExitStack() as under_way:
        for _ in range(2):
            under_way.enter_context(admission.submission(KEY, limits))
        assert _refusal(admission, limits=limits).type == "too_many_waiting"


def test_the_headers_tell_what_is_left_and_when_there_is_more(
    admission: Admission, index: FakeIndex, clock: Clock
) -> None:
    policy = '"submissions";q=3;w=60'
    fresh = {"RateLimit-Policy": policy, "RateLimit": '"submissions";r=3;t=60'}
    assert admission.rate_headers(KEY, _limits()) == fresh
    _elsewhere(index, clock, 20.5)
    assert admission.rate_headers(KEY, _limits())["RateLimit"] == '"submissions";r=2;t=40'
    _elsewhere(index, clock, 10.5, 5.5, 3.5, 1.5)
    assert admission.rate_headers(KEY, _limits())["RateLimit"] == '"submissions";r=0;t=55'


@pytest.mark.parametrize("replay", [False, True])
def test_every_refusal_inside_tells_the_rate_as_it_is_without_it(admission: Admission, replay: bool) -> None:
    def _refuse() -> None:
        with admission.submission(KEY, _limits(), replay=replay):
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", "Not valid.")

    with pytest.raises(Problem) as refused:
        _refuse()
    assert refused.value.headers == {
        "RateLimit-Policy": '"submissions";q=3;w=60',
        "RateLimit": '"submissions";r=3;t=60',
    }


def test_a_key_without_a_rate_is_told_none(admission: Admission) -> None:
    assert admission.rate_headers(KEY, _limits(None)) == {}


def test_each_filing_of_a_batch_takes_a_place_and_all_are_given_back_where_none_was_published(
    admission: Admission,
) -> None:
    for _ in range(2):
        with admission.submission(KEY, _limits()), admission.further(KEY, _limits(), QUOTA - 1) as others:
            assert len(others) == QUOTA - 1
            assert _refusal(admission).type == "rate_limited"
    _submit(admission)


def test_a_batch_that_finds_too_few_places_takes_none_and_is_told_when_there_is_room_for_all_of_it(
    admission: Admission, clock: Clock, index: FakeIndex
) -> None:
    _elsewhere(index, clock, *(10.0 * number for number in range(1, QUOTA)))
    with admission.submission(KEY, _limits()), pytest.raises(Problem) as refused, admission.further(KEY, _limits(), 1):
        pass
    assert refused.value.type == "rate_limited"
    assert int(refused.value.headers["Retry-After"]) == 60 - 10 * (QUOTA - 1)
    _submit(admission)


def test_a_batch_that_no_wait_makes_room_for_is_told_to_be_smaller(admission: Admission) -> None:
    with pytest.raises(Problem, match="Send smaller ones") as refused, admission.further(KEY, _limits(), QUOTA):
        pass
    assert refused.value.headers["Retry-After"] == "60"


def test_the_filings_of_a_batch_count_among_the_tasks_on_their_way(admission: Admission) -> None:
    limits = _limits(None, waiting=3)
    with admission.submission(KEY, limits), pytest.raises(Problem) as refused, admission.further(KEY, limits, 3):
        pass
    assert refused.value.type == "too_many_waiting"
    with admission.submission(KEY, limits), admission.further(KEY, limits, 2):
        pass
