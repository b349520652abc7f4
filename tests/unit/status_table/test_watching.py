"""Who watches a task sees its newest status, each change, and its end; however slow it is, and nothing twice."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.status_table.rows import StatusRow
from gateway.status_table.watching import TaskWatch, TaskWatches
from schemas.tasks import FINISHED, TaskState, TaskStatus, in_step
from tests.unit.examples import NOON, TASK_ID, a_risk, a_status, an_assessment
from tests.unit.status_table.own_table import TOMBSTONE, OwnTable, record

PENDING = a_status()
SUCCESS = a_status(TaskState.SUCCESS, progress=FINISHED, result=an_assessment(a_risk()), ended_at=NOON)


def _reading(step: int) -> TaskStatus:
    return a_status(TaskState.PROGRESS, progress=in_step(step))


@pytest.fixture
def table(tmp_path: Path) -> Iterator[OwnTable]:
    opened = OwnTable(tmp_path)
    opened.apply([record(PENDING)])
    yield opened
    opened.close()


@pytest.fixture
def watches(table: OwnTable) -> TaskWatches:
    return TaskWatches(table, table.news)


async def _rest(watch: TaskWatch) -> list[StatusRow]:
    """All that follows, up to the end."""
    rows = []
    while (row := await watch.next()) is not None:
        rows.append(row)
    return rows


async def test_each_change_is_seen_in_order_up_to_the_end_also_where_many_come_at_once(
    table: OwnTable, watches: TaskWatches
) -> None:
    with watches.of(TASK_ID) as watch:
        assert watch is not None
        assert watch.row.state is TaskState.PENDING
        table.apply([record(_reading(1)), record(_reading(2)), record(_reading(1))])
        table.apply([record(_reading(3)), record(SUCCESS)])
        seen = [row.order for row in await _rest(watch)]
    assert seen == [_reading(1).order, _reading(2).order, _reading(3).order, SUCCESS.order]


async def test_the_end_has_the_result(table: OwnTable, watches: TaskWatches) -> None:
    with watches.of(TASK_ID) as watch:
        assert watch is not None
        table.apply([record(SUCCESS)])
        assert len(await _rest(watch)) == 1
        assert TaskStatus.model_validate_json(watch.body() or b"") == SUCCESS
    with watches.of(TASK_ID) as watch:
        assert watch is not None
        assert TaskStatus.model_validate_json(watch.body() or b"") == SUCCESS
        assert await _rest(watch) == []


async def test_a_change_between_the_beginning_of_a_watch_and_its_first_look_is_seen_once(
    table: OwnTable, watches: TaskWatches
) -> None:
    with table.news.of(TASK_ID) as news:
        table.apply([record(_reading(1))])
        row = table.get(TASK_ID)
        assert isinstance(row, StatusRow)
        watch = TaskWatch(row, news, lambda: row)
        table.apply([record(SUCCESS)])
        assert [each.order for each in await _rest(watch)] == [SUCCESS.order]


async def test_a_slow_reader_misses_what_was_superseded_and_never_the_end(
    table: OwnTable, watches: TaskWatches
) -> None:
    with watches.of(TASK_ID) as watch:
        assert watch is not None
        for attempt in range(1, 5):
            for step in range(1, 6):
                table.apply([record(a_status(TaskState.PROGRESS, attempt=attempt, progress=in_step(step)))])
        table.apply([record(SUCCESS.model_copy(update={"attempt": 4}))])
        seen = await _rest(watch)
    assert len(seen) < 20
    assert seen[-1].order.ended


async def test_a_task_that_is_withdrawn_leaves_nobody_waiting(table: OwnTable, watches: TaskWatches) -> None:
    with watches.of(TASK_ID) as watch:
        assert watch is not None
        table.apply([TOMBSTONE])
        assert await _rest(watch) == []
    with watches.of(TASK_ID) as watch:
        assert watch is None


async def test_a_reader_holds_no_result_in_memory(table: OwnTable, watches: TaskWatches) -> None:
    with watches.of(TASK_ID) as watch, watches.of(TASK_ID) as other:
        assert watch is not None
        assert other is not None
        table.apply([record(SUCCESS)])
        [end] = await _rest(watch)
        assert TaskStatus.model_validate_json(end.body).result is None
        table.apply([TOMBSTONE])
        assert watch.body() is None


async def test_a_body_is_of_the_status_that_was_told_or_there_is_none(table: OwnTable, watches: TaskWatches) -> None:
    with watches.of(TASK_ID) as watch:
        assert watch is not None
        table.apply([record(SUCCESS)])
        await _rest(watch)
        table.begin_anew()
        table.apply([record(_reading(1))])
        assert watch.body() is None
        table.apply([record(SUCCESS)])
        assert TaskStatus.model_validate_json(watch.body() or b"") == SUCCESS


async def test_who_waits_for_the_end_gets_it_as_soon_as_it_is_there(table: OwnTable, watches: TaskWatches) -> None:
    with watches.of(TASK_ID) as watch:
        assert watch is not None
        waiting = asyncio.create_task(watch.end(60))
        table.apply([record(_reading(1)), record(SUCCESS)])
        assert (await waiting).order == SUCCESS.order


async def test_who_waits_in_vain_gets_the_newest_status_there_is(table: OwnTable, watches: TaskWatches) -> None:
    with watches.of(TASK_ID) as watch:
        assert watch is not None
        table.apply([record(_reading(2))])
        assert (await watch.end(0.05)).order == _reading(2).order


async def test_when_the_gateway_drains_nobody_waits_any_longer(table: OwnTable, watches: TaskWatches) -> None:
    with watches.of(TASK_ID) as streaming, watches.of(TASK_ID) as waiting:
        assert streaming is not None
        assert waiting is not None
        end = asyncio.create_task(waiting.end(60))
        rest = asyncio.create_task(_rest(streaming))
        await asyncio.sleep(0)
        table.news.end()
        assert (await end).order == PENDING.order
        assert await rest == []
    with watches.of(TASK_ID) as late:
        assert late is not None
        assert (await late.end(60)).order == PENDING.order
