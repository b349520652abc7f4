"""What a batch's owner is told of it."""

import pytest

from gateway.batches.batch_view import (
    BatchCounts,
    BatchView,
    counts_body,
    ended_standing,
    open_standing,
    view_body,
)
from gateway.status_table.rows import StatusRow, status_row
from schemas.tasks import StatusOrder, TaskState
from tests.unit.examples import TASK_ID, a_status
from tests.unit.gateway.batches.examples import a_batch

PENDING, PROGRESS, RETRY, SUCCESS, FAILURE, CANCELLED = TaskState


def _head(state: TaskState, order: StatusOrder | None = None) -> StatusRow:
    head = status_row(a_status(state).model_dump_json().encode(), "key-1")
    return head if order is None else head._replace(order=order)


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
    standing = open_standing(told, [None if state is None else _head(state) for state in states])
    view = BatchView.model_validate_json(view_body(a_batch(TASK_ID, ended=told).model_dump_json().encode(), standing))
    assert view.counts == counts
    assert (view.status, view.progress.total) == ("OPEN", 3)
    assert view.progress.current == sum(number for state, number in counts.items() if state.ended)
    told_by_event = BatchCounts.model_validate_json(counts_body(TASK_ID, standing))
    assert told_by_event.model_dump() == view.model_dump(include={*BatchCounts.model_fields})


def test_once_it_has_ended_its_own_counts_are_told() -> None:
    standing = ended_standing({SUCCESS: 2, FAILURE: 1})
    assert (standing.counts, standing.progress.current, standing.has_ended) == ({SUCCESS: 2, FAILURE: 1}, 3, True)


def test_each_step_of_a_member_moves_the_batch_on_and_so_does_its_own_end() -> None:
    steps = [
        *(_head(PENDING if not step else PROGRESS, StatusOrder(1, step)) for step in range(6)),
        _head(RETRY, StatusOrder(1, 6)),
        *(_head(PROGRESS, StatusOrder(attempt, step)) for attempt in (2, 4) for step in (0, 1, 6)),
        _head(SUCCESS, StatusOrder.of_end(2)),
    ]
    other = _head(PROGRESS)
    positions = [open_standing({}, [other, step]).position for step in [None, *steps]]
    assert positions[1:] == sorted(set(positions[1:]))
    both = open_standing({}, [steps[-1], steps[-1]])
    assert ended_standing({SUCCESS: 2}).position > both.position > positions[-1]


def test_a_member_does_not_move_its_batch_back_when_its_status_is_past_its_life() -> None:
    before = open_standing({SUCCESS: 1}, [_head(SUCCESS, StatusOrder.of_end(3)), _head(PENDING)])
    assert open_standing({SUCCESS: 1}, [None, _head(PENDING)]) == before
