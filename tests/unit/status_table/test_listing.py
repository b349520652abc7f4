"""Which tasks a listing shows, in which order, page by page, whatever is asked for."""

import itertools
import random
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.status_table import listing
from gateway.status_table.cursors import NoSuchCursor, cursor_at, position_at
from gateway.status_table.listing import Page, Wanted
from gateway.status_table.rows import StatusRow
from gateway.status_table.status_rows import StatusRecord
from schemas.identifiers import new_task_id
from schemas.tasks import FINISHED, TaskState, TaskStatus
from tests.unit.examples import NOON, a_risk, a_status, an_assessment
from tests.unit.status_table.own_table import OWNER, OwnTable, record

LONG_AGO = NOON - timedelta(days=1)
SECOND = timedelta(seconds=1)
STATES = [TaskState.PENDING, TaskState.PROGRESS, TaskState.SUCCESS, TaskState.FAILURE]


@pytest.fixture
def table(tmp_path: Path) -> Iterator[OwnTable]:
    opened = OwnTable(tmp_path)
    yield opened
    opened.close()


def _task(number: int, state: TaskState = TaskState.PENDING, **changes: Any) -> TaskStatus:
    """The status of a new task, submitted so many seconds after noon."""
    more = {"progress": FINISHED, "ended_at": NOON} if state.ended else {}
    if state is TaskState.SUCCESS:
        more["result"] = an_assessment(a_risk())
    return a_status(state, **{"task_id": new_task_id(), "submitted_at": NOON + number * SECOND, **more, **changes})


def _page(table: OwnTable, wanted: Wanted | None = None, *, start: bytes = b"", limit: int = 100) -> Page:
    return table.page(wanted or Wanted(OWNER), start=start, limit=limit, ended_after=LONG_AGO)


def _listed(table: OwnTable, wanted: Wanted | None = None, *, limit: int = 100) -> list[str]:
    """The tasks of all pages."""
    pages, start = [], b""
    while True:
        page = _page(table, wanted, start=start, limit=limit)
        pages.append(page)
        if page.next is None:
            return [_status(row).task_id for page in pages for row in page.rows]
        assert page.next > start
        start = page.next


def _status(row: StatusRow) -> TaskStatus:
    return TaskStatus.model_validate_json(row.summary)


def _ids(statuses: Sequence[TaskStatus]) -> list[str]:
    return [status.task_id for status in statuses]


def test_an_owners_tasks_are_listed_the_newest_first_in_whatever_order_they_came(table: OwnTable) -> None:
    tasks = [_task(number, state) for number, state in enumerate([*TaskState, *TaskState])]
    for task in random.Random(1).sample(tasks, len(tasks)):
        table.apply([record(task)])
    table.apply([record(_task(3), "key-2"), record(_task(4), None)])
    assert _listed(table) == _ids(tasks[::-1])


def test_a_listed_task_is_its_status_without_its_result(table: OwnTable) -> None:
    task = _task(1, TaskState.SUCCESS, labels={"desk": "credit"})
    table.apply([record(task)])
    [row] = _page(table).rows
    assert _status(row) == task.model_copy(update={"result": None})


def test_a_task_is_listed_once_in_its_newest_state(table: OwnTable) -> None:
    task = _task(1)
    for state in (TaskState.PENDING, TaskState.PROGRESS, TaskState.FAILURE):
        table.apply([record(task.model_copy(update={"status": state, "submitted_at": NOON}))])
    [row] = _page(table).rows
    assert _status(row).status is TaskState.FAILURE
    assert _listed(table, Wanted(OWNER, state=TaskState.PENDING)) == []
    assert _listed(table, Wanted(OWNER, state=TaskState.FAILURE)) == [task.task_id]


def test_what_is_gone_or_past_its_life_is_not_listed(table: OwnTable) -> None:
    alive, past, gone = _task(1, TaskState.FAILURE), _task(2, TaskState.FAILURE, ended_at=LONG_AGO - SECOND), _task(3)
    table.apply([*map(record, [alive, past, gone]), StatusRecord(gone.task_id, None)])
    assert _listed(table) == [alive.task_id]
    assert _listed(table, limit=1) == [alive.task_id]


def test_upstreams_tasks_and_those_of_all_keys_are_in_everybodys_listing(table: OwnTable) -> None:
    tasks = [_task(number) for number in range(4)]
    owners = [OWNER, None, "key-2", OWNER]
    table.apply([record(task, owner) for task, owner in zip(tasks, owners, strict=True)])
    assert _listed(table, Wanted(all_owners=True)) == _ids(tasks[::-1])
    assert _listed(table, Wanted(all_owners=True, ticker="ACME"), limit=1) == _ids(tasks[::-1])


# Filters

_CHOICES: dict[str, list[Any]] = {
    "state": [None, *STATES, TaskState.CANCELLED],
    "ticker": [None, "ACME", "BRK.B", "NONE"],
    "labels": [(), (("desk", "credit"),), (("desk", "credit"), ("year", "2024")), (("desk", "none"),)],
    "after": [None, NOON + 30 * SECOND],
    "before": [None, NOON + 90 * SECOND],
    "all_owners": [False, True],
}


def _many(count: int) -> list[tuple[TaskStatus, str]]:
    chance = random.Random(7)
    return [
        (
            _task(
                number,
                chance.choice(STATES),
                ticker=chance.choice(["ACME", "BRK.B", "MANY"]),
                labels=chance.choice([{}, {"desk": "credit"}, {"desk": "credit", "year": "2024"}, {"year": "2024"}]),
            ),
            chance.choice([OWNER, OWNER, "key-2"]),
        )
        for number in range(count)
    ]


def _is_wanted(task: TaskStatus, owner: str, wanted: Wanted) -> bool:
    return (
        (wanted.all_owners or owner == wanted.owner)
        and wanted.state in (None, task.status)
        and wanted.ticker in (None, task.ticker)
        and set(wanted.labels) <= set(task.labels.items())
        and (wanted.after is None or task.submitted_at > wanted.after)
        and (wanted.before is None or task.submitted_at < wanted.before)
    )


@pytest.mark.parametrize("steps", [1, 1000])
def test_filters_of_any_kind_together_find_what_a_scan_would_whatever_ends_a_page(
    table: OwnTable, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    monkeypatch.setattr(listing, "_STEPS", steps)
    many = _many(120)
    table.apply([record(task, owner) for task, owner in many])
    for choice in itertools.product(*_CHOICES.values()):
        wanted = Wanted(owner=OWNER, **dict(zip(_CHOICES, choice, strict=True)))
        expected = [task.task_id for task, owner in reversed(many) if _is_wanted(task, owner, wanted)]
        assert _listed(table, wanted, limit=7) == expected, wanted


def test_a_label_is_not_found_by_a_part_of_its_value(table: OwnTable) -> None:
    table.apply([record(_task(1, labels={"desk": "credit-eu"})), record(_task(2), f"{OWNER}2")])
    assert _listed(table, Wanted(OWNER, labels=[("desk", "credit")])) == []
    assert len(_listed(table)) == 1


# Pages


def test_pages_stay_as_they_were_while_new_tasks_arrive(table: OwnTable) -> None:
    tasks = [_task(number) for number in range(10)]
    table.apply([*map(record, tasks)])
    first = _page(table, limit=4)
    assert first.next is not None
    table.apply([record(_task(100 + number)) for number in range(5)])
    second = _page(table, start=first.next, limit=100)
    assert [_status(row).task_id for row in (*first.rows, *second.rows)] == _ids(tasks[::-1])
    assert second.next is None


@pytest.mark.parametrize(("count", "limit"), [(0, 1), (5, 5), (6, 5), (5, 1)])
def test_the_last_page_says_so(table: OwnTable, count: int, limit: int) -> None:
    table.apply([record(_task(number)) for number in range(count)])
    page = _page(table, limit=limit)
    assert len(page.rows) == min(count, limit)
    assert (page.next is None) == (count <= limit)


def test_tasks_of_one_moment_are_listed_once_each(table: OwnTable) -> None:
    tasks = [_task(0) for _ in range(20)]
    table.apply([*map(record, tasks)])
    assert sorted(_listed(table, limit=3)) == sorted(_ids(tasks))


def test_lists_that_have_nothing_in_common_do_not_hold_up_a_page(table: OwnTable) -> None:
    tasks = [_task(number, ticker="ACME" if number % 2 else "BRK.B") for number in range(6000)]
    ended = [
        record(task.model_copy(update={"status": TaskState.FAILURE})) if task.ticker == "ACME" else record(task)
        for task in tasks
    ]
    table.apply(ended)
    page = _page(table, Wanted(OWNER, state=TaskState.FAILURE, ticker="BRK.B"))
    assert page.rows == []
    assert page.next is not None
    assert _listed(table, Wanted(OWNER, state=TaskState.FAILURE, ticker="BRK.B")) == []


@pytest.mark.alone
def test_a_page_of_many_tasks_takes_no_longer_than_promised(table: OwnTable) -> None:
    many = _many(20_000)
    for start in range(0, len(many), 1000):
        table.apply([record(task, owner) for task, owner in many[start : start + 1000]])
    choices = [Wanted(owner=OWNER, **dict(zip(_CHOICES, choice, strict=True))) for choice in _product()]
    took = []
    for wanted in choices * 3:
        began = time.perf_counter()
        _page(table, wanted, limit=100)
        took.append(time.perf_counter() - began)
    assert sorted(took)[int(len(took) * 0.99)] < 2 * 0.020


def _product() -> list[tuple[Any, ...]]:
    return [*itertools.product(*_CHOICES.values())]


# Cursors


def test_a_cursor_leads_back_to_its_position() -> None:
    position = b"\x3f\xff\x00\xfa" + b"a-task" + b"\0"
    assert position_at(cursor_at(position)) == position
    assert cursor_at(position).replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize(
    "cursor", ["", "garbage", "AAAA", "é", "%00", "A" * 5, cursor_at(b"a position")[:-1], "Zm9v" * 9]
)
def test_what_no_listing_gave_out_is_no_cursor(cursor: str) -> None:
    with pytest.raises(NoSuchCursor):
        position_at(cursor)


@pytest.mark.parametrize("moment", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)])
def test_any_moment_has_a_place(table: OwnTable, moment: datetime) -> None:
    task = _task(0, submitted_at=moment)
    table.apply([record(task), record(_task(1))])
    assert len(_listed(table)) == 2
    assert _listed(table, Wanted(OWNER, after=NOON, before=NOON + 2 * SECOND)) != [task.task_id]
