"""An owner's tasks are found by when they were made, which their ids tell."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from schemas.tasks import TaskState, TaskStatus, in_step
from tests.unit.examples import NOON, a_status
from tests.unit.status_table.own_table import OWNER, OwnTable, record

LATER = NOON + timedelta(days=1)


@pytest.fixture
def table(tmp_path: Path) -> Iterator[OwnTable]:
    opened = OwnTable(tmp_path)
    yield opened
    opened.close()


def _made_at(moment: datetime, number: int = 0, **changes: object) -> TaskStatus:
    milliseconds = int(moment.timestamp() * 1000)
    task_id = str(UUID(int=(milliseconds << 80) | (0x7 << 76) | (0b10 << 62) | number))
    return a_status(**{"task_id": task_id, "submitted_at": moment, **changes})


def test_an_owners_tasks_of_a_time_are_told_the_newest_first_whatever_their_state(table: OwnTable) -> None:
    made = [_made_at(NOON + timedelta(seconds=n)) for n in range(5)]
    ended = made[3].model_copy(update={"status": TaskState.FAILURE, "ended_at": NOON})
    table.apply([*map(record, [*made, ended]), record(_made_at(NOON, 1), "key-2")])
    newest_first = [status.task_id for status in reversed(made)]
    assert table.task_ids_between(OWNER, NOON, LATER, 100) == newest_first
    assert table.task_ids_between(OWNER, NOON + timedelta(seconds=2), LATER, 100) == newest_first[:3]
    assert table.task_ids_between(OWNER, NOON + timedelta(seconds=2, milliseconds=1), LATER, 100) == newest_first[:2]
    assert table.task_ids_between(OWNER, NOON, LATER, 2) == newest_first[:2]


def test_tasks_of_a_later_time_hide_none_of_the_time_that_is_asked_for(table: OwnTable) -> None:
    made = [_made_at(NOON + timedelta(seconds=n)) for n in range(5)]
    table.apply([*map(record, made)])
    of_the_time = [made[2].task_id, made[1].task_id]
    assert table.task_ids_between(OWNER, NOON, NOON + timedelta(seconds=2), 2) == of_the_time


def test_a_redriven_task_does_not_count_as_made_when_it_was_redriven(table: OwnTable) -> None:
    table.apply([record(_made_at(NOON, submitted_at=NOON + timedelta(hours=1)))])
    assert table.task_ids_between(OWNER, NOON + timedelta(minutes=1), LATER, 100) == []
    assert len(table.task_ids_between(OWNER, NOON, LATER, 100)) == 1


def test_a_task_whose_time_of_submission_is_mended_is_told_once(table: OwnTable) -> None:
    first = _made_at(NOON)
    table.apply([record(first)])
    later = {"submitted_at": NOON + timedelta(seconds=1), "status": TaskState.PROGRESS, "progress": in_step(1)}
    table.apply([record(first.model_copy(update=later))])
    assert table.task_ids_between(OWNER, NOON, LATER, 100) == [first.task_id]
