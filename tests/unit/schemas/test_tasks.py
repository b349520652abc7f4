"""Which of two statuses of a task a reader keeps."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.tasks import (
    FINISHED,
    MAX_ATTEMPTS,
    STEPS,
    WAITING,
    StatusHead,
    StatusOrder,
    TaskError,
    TaskState,
    TaskStatus,
    in_step,
)
from tests.unit.examples import NOON, a_status

ENDS = [TaskState.SUCCESS, TaskState.FAILURE, TaskState.CANCELLED]
RESULT_PENDING = StatusOrder(1, 0)


def _life(retries: int, end: TaskState | None) -> list[TaskStatus]:
    """All that one producer says of a task, in its order."""
    said = [a_status(TaskState.PENDING)]
    for attempt in range(1, retries + 2):
        said += [
            a_status(TaskState.PROGRESS, attempt=attempt, progress=in_step(step)) for step in range(1, len(STEPS) + 1)
        ]
        if attempt <= retries:
            said.append(a_status(TaskState.RETRY, attempt=attempt, progress=in_step(2)))
    if end is not None:
        said.append(a_status(end, attempt=retries + 1, progress=FINISHED, ended_at=NOON))
    return said


def _kept(read: Iterable[TaskStatus]) -> list[TaskStatus]:
    """What a reader keeps, one after another."""
    kept: list[TaskStatus] = []
    for status in read:
        if status.order.supersedes(kept[-1].order if kept else None):
            kept.append(status)
    return kept


def test_a_life_in_its_order_is_kept_whole() -> None:
    said = _life(MAX_ATTEMPTS - 1, TaskState.SUCCESS)
    assert _kept(said) == said


_LIVES = st.builds(_life, st.integers(0, MAX_ATTEMPTS - 1), st.sampled_from([*ENDS, None]))


@given(_LIVES, st.data())
def test_in_whatever_order_and_however_often_statuses_come_the_newest_is_kept_and_no_step_goes_back(
    said: list[TaskStatus], data: st.DataObject
) -> None:
    repeats = data.draw(st.lists(st.sampled_from(said), max_size=10))
    kept = _kept(data.draw(st.permutations([*said, *repeats])))
    assert kept[-1] == said[-1]
    assert [each.order for each in kept] == sorted({each.order for each in kept})
    assert not [each for each in kept[:-1] if each.status.ended]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("late", _life(MAX_ATTEMPTS - 1, TaskState.SUCCESS) + _life(0, TaskState.FAILURE))
def test_nothing_follows_an_end(end: TaskState, late: TaskStatus) -> None:
    assert not late.order.supersedes(a_status(end, progress=FINISHED).order)


def test_an_end_of_an_earlier_attempt_does_not_stop_a_later_one() -> None:
    zombie = a_status(TaskState.FAILURE, attempt=1)
    assert not zombie.order.supersedes(a_status(TaskState.PROGRESS, attempt=2, progress=in_step(1)).order)


def test_a_repeat_of_the_same_status_is_not_newer() -> None:
    assert not RESULT_PENDING.supersedes(RESULT_PENDING)


def test_the_first_status_of_a_task_is_kept_whatever_it_is() -> None:
    assert all(status.order.supersedes(None) for status in _life(1, TaskState.FAILURE))


def test_exactly_three_states_are_ends() -> None:
    assert [state for state in TaskState if state.ended] == ENDS
    assert all(a_status(state).order.ended == state.ended for state in TaskState)


@given(_LIVES)
def test_a_head_read_from_the_bytes_has_the_order_of_the_whole_status(said: list[TaskStatus]) -> None:
    for status in said:
        assert StatusHead.model_validate_json(status.model_dump_json()).order == status.order


def test_a_head_tolerates_fields_that_a_newer_producer_added() -> None:
    assert StatusHead.model_validate_json(
        '{"status": "PENDING", "progress": {"current": 0, "status": "waiting"}, "x": 1}'
    )


def test_the_five_steps_are_counted_from_one() -> None:
    assert [(in_step(n).current, in_step(n).total, in_step(n).status) for n in range(1, 6)] == [
        (1, 5, "reading"), (2, 5, "segmenting"), (3, 5, "embedding"), (4, 5, "scoring"), (5, 5, "storing"),
    ]  # fmt: skip
    assert (WAITING.current, WAITING.status) == (0, "waiting")
    assert (FINISHED.current, FINISHED.status) == (5, "finished")


@pytest.mark.parametrize("type_", ["", "Unavailable", "not a type", "1st", "x-y"])
def test_an_error_type_is_for_machines(type_: str) -> None:
    with pytest.raises(ValueError, match="type"):
        TaskError(type=type_, message="for a person")
