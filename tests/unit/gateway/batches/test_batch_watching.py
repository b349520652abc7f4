"""Who follows a batch hears how far it is, not each step of hundreds of members, and surely its end."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gateway.batches.batch_rows import BatchRecord
from gateway.batches.batch_view import BatchCounts, BatchView
from gateway.batches.batch_watching import BatchEvents, BatchWatches, position_of
from gateway.event_stream import Event
from schemas.batches import BatchStatus
from schemas.identifiers import derived_task_id
from schemas.tasks import TaskState, TaskStatus, in_step
from tests.unit.examples import NOON, a_status
from tests.unit.gateway.batches.examples import a_batch
from tests.unit.gateway.batches.test_batch_rows import OwnBatches, read
from tests.unit.status_table.own_table import OwnTable, record

BATCH = derived_task_id(NOON, "batch")
SIZE = 3
MEMBERS = [member.task_id for member in a_batch(BATCH, SIZE).members]
TOMBSTONE = BatchRecord(BATCH, None)
PENDING, PROGRESS, RETRY, SUCCESS, FAILURE, CANCELLED = TaskState


class Watched:
    """An open batch of three in real tables, and who follows it."""

    def __init__(self, folder: Path) -> None:
        self.batches, self.tasks = OwnBatches(folder / "batches"), OwnTable(folder / "tasks")
        self.watches = BatchWatches(self.batches, self.tasks, batch_news=self.batches.news, task_news=self.tasks.news)
        self._held = ExitStack()
        self.told()

    def told(self, **ended: int) -> BatchStatus:
        """Workers tell how many have ended."""
        status = a_batch(BATCH, SIZE, ended={TaskState(state): number for state, number in ended.items()})
        self.batches.apply([read(status)])
        return status

    def moved(self, number: int, state: TaskState, step: int = 0) -> None:
        """A member is told to be in this state."""
        self.tasks.apply([record(_status(number, state, step))])

    def follow(self, *, seen: int | None = None, pause: float = 0.0) -> BatchEvents:
        """Begin to follow the batch."""
        row = self.batches.get(BATCH)
        assert row is not None
        events = self._held.enter_context(self.watches.events(BATCH, row, seen=seen, pause=pause))
        assert isinstance(events, BatchEvents)
        return events

    def drain(self) -> None:
        """The process ends."""
        self.tasks.news.end()
        self.batches.news.end()

    def close(self) -> None:
        """Let go of everything."""
        self._held.close()
        self.batches.close()
        self.tasks.close()


def _status(number: int, state: TaskState, step: int) -> TaskStatus:
    progress = {"progress": in_step(step)} if step else {}
    return a_status(state, task_id=MEMBERS[number], **progress)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path)
    yield made
    made.close()


async def _next(events: BatchEvents) -> Event | None:
    async with asyncio.timeout(10):
        return await events.next()


async def _counts(events: BatchEvents) -> dict[TaskState, int]:
    event = await _next(events)
    assert event is not None
    assert event.name == "OPEN"
    return BatchCounts.model_validate_json(event.body() or b"").counts


async def _nothing(events: BatchEvents) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await events.next()


async def test_how_far_it_is_comes_first_then_each_change_of_its_counts_and_the_end_ends_it(watched: Watched) -> None:
    events = watched.follow()
    assert await _counts(events) == {PENDING: 3}
    watched.moved(0, PROGRESS, 1)
    assert await _counts(events) == {PENDING: 2, PROGRESS: 1}
    for number in range(SIZE):
        watched.moved(number, SUCCESS)
    assert await _counts(events) == {SUCCESS: 3}
    watched.told(SUCCESS=3)
    end = await _next(events)
    assert end is not None
    assert end.name == "ENDED"
    view = BatchView.model_validate_json(end.body() or b"")
    assert (view.status, view.counts, view.ended_at) == ("ENDED", {SUCCESS: 3}, NOON)
    assert await _next(events) is None


async def test_the_body_of_the_end_is_read_anew_and_is_none_once_it_was_deleted(watched: Watched) -> None:
    watched.told(SUCCESS=3)
    end = await _next(watched.follow())
    assert end is not None
    assert end.body()
    watched.batches.apply([TOMBSTONE])
    assert end.body() is None


async def test_the_body_of_the_end_is_none_where_the_batch_is_open_again_in_a_table_that_was_begun_anew(
    watched: Watched,
) -> None:
    watched.told(SUCCESS=3)
    end = await _next(watched.follow())
    assert end is not None
    watched.batches.apply([TOMBSTONE])
    watched.told(SUCCESS=1)
    assert end.body() is None


async def test_a_step_that_changes_no_count_is_not_told(watched: Watched) -> None:
    watched.moved(0, PROGRESS, 1)
    events = watched.follow()
    await _next(events)
    watched.moved(0, PROGRESS, 2)
    await _nothing(events)
    watched.moved(1, PROGRESS, 1)
    assert await _counts(events) == {PENDING: 1, PROGRESS: 2}


async def test_ids_grow_and_who_comes_again_gets_only_what_is_newer(watched: Watched) -> None:
    events = watched.follow()
    first = await _next(events)
    watched.moved(0, PROGRESS, 1)
    second = await _next(events)
    assert first is not None
    assert second is not None
    seen = [position_of(first.id), position_of(second.id)]
    assert seen == sorted({*seen})  # type: ignore[type-var]
    again = watched.follow(seen=seen[1])
    await _nothing(again)
    watched.moved(1, PROGRESS, 1)
    assert await _counts(again) == {PENDING: 1, PROGRESS: 2}
    assert await _counts(watched.follow(seen=seen[0])) == {PENDING: 1, PROGRESS: 2}


async def test_another_gateway_that_knows_less_does_not_take_its_reader_back(watched: Watched) -> None:
    watched.moved(0, PROGRESS, 1)
    events = watched.follow(seen=40)
    await _nothing(events)
    watched.moved(0, SUCCESS)
    watched.moved(1, SUCCESS)
    assert await _counts(events) == {PENDING: 1, SUCCESS: 2}


async def test_of_what_happens_within_the_pause_only_the_newest_is_told(watched: Watched) -> None:
    loop = asyncio.get_running_loop()
    events = watched.follow(pause=0.3)
    await _next(events)
    began = loop.time()
    for state in (PROGRESS, RETRY, SUCCESS):
        for number in range(2):
            watched.moved(number, state, 1 if state is PROGRESS else 0)
            await asyncio.sleep(0)
    assert await _counts(events) == {PENDING: 1, SUCCESS: 2}
    assert loop.time() - began >= 0.25
    await _nothing(events)


async def test_a_call_that_is_given_up_loses_nothing(watched: Watched) -> None:
    events = watched.follow(pause=0.2)
    await _next(events)
    watched.moved(0, PROGRESS, 1)
    await _nothing(events)
    assert await _counts(events) == {PENDING: 2, PROGRESS: 1}


async def test_a_batch_that_went_and_a_process_that_ends_end_it(watched: Watched) -> None:
    gone, drained = watched.follow(), watched.follow()
    await _next(gone)
    await _next(drained)
    watched.batches.apply([TOMBSTONE])
    assert await _next(gone) is None
    watched.told()
    watched.drain()
    while (event := await _next(drained)) is not None:
        assert event.name == "OPEN"


async def test_who_waits_for_the_end_gets_it_or_what_there_is_when_the_time_is_up(watched: Watched) -> None:
    row = await watched.watches.end(BATCH, 0.01)
    assert row is not None
    assert row.ended_at is None
    waiting = asyncio.create_task(watched.watches.end(BATCH, 60))
    await asyncio.sleep(0)
    watched.told(SUCCESS=1)
    await asyncio.sleep(0.01)
    assert not waiting.done()
    watched.told(SUCCESS=3)
    async with asyncio.timeout(10):
        row = await waiting
    assert row is not None
    assert row.ended_at is not None


async def test_who_waits_is_let_go_when_the_process_ends(watched: Watched) -> None:
    waiting = asyncio.create_task(watched.watches.end(BATCH, 60))
    await asyncio.sleep(0)
    watched.drain()
    async with asyncio.timeout(10):
        row = await waiting
    assert row is not None


@pytest.mark.parametrize("text", [None, "", "x", "-1", "1.7", " 1", "²", "9" * 10])
def test_what_is_no_id_of_an_event_is_as_none(text: str | None) -> None:
    assert position_of(text) is None
