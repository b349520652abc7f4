"""What a batch's owner is told of it."""

import pytest

from gateway.batches.batch_view import view_of
from schemas.tasks import TaskState
from tests.unit.examples import TASK_ID
from tests.unit.gateway.batches.examples import a_batch

PENDING, PROGRESS, RETRY, SUCCESS, FAILURE, CANCELLED = TaskState


@pytest.mark.parametrize(
    ("told", "states", "counts"),
    [
        ({}, [None, None, None], {PENDING: 3}),
        ({}, [SUCCESS, PROGRESS, None], {SUCCESS: 1, PROGRESS: 1, PENDING: 1}),
        ({}, [SUCCESS, SUCCESS, FAILURE], {SUCCESS: 2, FAILURE: 1}),
        ({SUCCESS: 1}, [None, RETRY, PENDING], {SUCCESS: 1, RETRY: 1, PENDING: 1}),
        ({SUCCESS: 1}, [SUCCESS, None, PENDING], {SUCCESS: 1, PENDING: 2}),
        ({SUCCESS: 1, CANCELLED: 1}, [None, FAILURE, None], {SUCCESS: 1, CANCELLED: 1, FAILURE: 1}),
    ],
)
def test_while_a_batch_is_open_each_member_counts_where_it_is_now_and_one_past_its_life_as_it_ended(
    told: dict[TaskState, int], states: list[TaskState | None], counts: dict[TaskState, int]
) -> None:
    view = view_of(a_batch(TASK_ID, ended=told), states)
    assert view.counts == counts
    assert (view.status, view.progress.total) == ("OPEN", 3)
    assert view.progress.current == sum(number for state, number in counts.items() if state.ended)


def test_once_it_has_ended_its_own_counts_stay_whatever_becomes_of_the_members_statuses() -> None:
    view = view_of(a_batch(TASK_ID, ended={SUCCESS: 2, FAILURE: 1}), [None, None, None])
    assert view.counts == {SUCCESS: 2, FAILURE: 1}
    assert (view.status, view.progress.current) == ("ENDED", 3)
