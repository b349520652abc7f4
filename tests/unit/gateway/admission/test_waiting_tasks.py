"""So many tasks a key may be on their way."""

from contextlib import ExitStack

from gateway.admission import Admission
from tests.unit.gateway.admission.admitting import KEY, FakeIndex, limits_of, refusal, submit


def test_a_key_with_too_many_tasks_on_their_way_is_refused_until_one_ends(
    admission: Admission, index: FakeIndex
) -> None:
    index.unended[KEY.id] = 4
    limits = limits_of(None, waiting=5)
    submit(admission, limits=limits)
    problem = refusal(admission, limits=limits)
    assert problem.type == "too_many_waiting"
    assert int(problem.headers["Retry-After"]) > 0
    index.unended[KEY.id] = 3
    submit(admission, limits=limits)


def test_what_the_table_counts_as_waiting_is_not_counted_again(admission: Admission, index: FakeIndex) -> None:
    limits = limits_of(None, waiting=2)
    for number in range(2):
        index.ids.setdefault(KEY.id, set()).add(submit(admission, limits=limits))
        index.unended[KEY.id] = number + 1
    assert refusal(admission, limits=limits).type == "too_many_waiting"


def test_of_many_at_once_only_as_many_as_may_wait_are_under_way(admission: Admission) -> None:
    limits = limits_of(None, waiting=2)
    with ExitStack() as under_way:
        for _ in range(2):
            under_way.enter_context(admission.submission(KEY, limits))
        assert refusal(admission, limits=limits).type == "too_many_waiting"
