"""How long the worker's consumer waits for records while it has some in hand."""

from collections.abc import Callable, Collection
from pathlib import Path

import pytest
from faust.transport.consumer import RecordMap
from faust.types import TP

from streams.agents.app import WorkerApp
from streams.agents.consumer import ExplicitAckConsumer
from streams.settings import WorkerSettings

BUSY, QUIET = TP("lane", 0), TP("lane", 1)
LONG = 1.0


async def _nothing() -> None:
    """A drain of nothing."""


@pytest.fixture
async def consumer(tmp_path: Path) -> ExplicitAckConsumer:
    """It has two partitions, and its flow is on."""
    consumer = WorkerApp(WorkerSettings(worker_dir=tmp_path), _nothing).consumer
    assert isinstance(consumer, ExplicitAckConsumer)
    consumer._active_partitions = {BUSY, QUIET}
    consumer.resume_flow()
    return consumer


@pytest.fixture
def waits(consumer: ExplicitAckConsumer, monkeypatch: pytest.MonkeyPatch) -> list[tuple[set[TP], float]]:
    """Which partitions were waited for, and how long at most."""
    waits: list[tuple[set[TP], float]] = []

    async def getmany(active_partitions: Collection[TP], timeout: float) -> RecordMap:
        waits.append((set(active_partitions), timeout))
        return {}

    monkeypatch.setattr(consumer, "_getmany", getmany)
    return waits


@pytest.mark.parametrize(
    ("fill", "waited_for"), [(lambda consumer: consumer.on_buffer_full(BUSY), {QUIET}), (lambda _: None, {BUSY, QUIET})]
)
async def test_who_has_no_full_buffer_is_waited_for(
    consumer: ExplicitAckConsumer,
    waits: list[tuple[set[TP], float]],
    fill: Callable[[ExplicitAckConsumer], None],
    waited_for: set[TP],
) -> None:
    fill(consumer)
    await consumer._wait_next_records(LONG)
    assert [partitions for partitions, _ in waits] == [waited_for]


async def test_with_room_for_all_the_next_record_is_waited_for_as_long_as_wanted(
    consumer: ExplicitAckConsumer, waits: list[tuple[set[TP], float]]
) -> None:
    await consumer._wait_next_records(LONG)
    assert [seconds for _, seconds in waits] == [LONG]


async def test_the_others_are_not_waited_for_while_a_full_buffer_runs_dry(
    consumer: ExplicitAckConsumer, waits: list[tuple[set[TP], float]]
) -> None:
    consumer.on_buffer_full(BUSY)
    await consumer._wait_next_records(LONG)
    assert [seconds < 0.1 for _, seconds in waits] == [True]


async def test_with_no_room_at_all_nothing_is_fetched_until_there_is(
    consumer: ExplicitAckConsumer, waits: list[tuple[set[TP], float]]
) -> None:
    consumer.on_buffer_full(BUSY)
    consumer.on_buffer_full(QUIET)
    assert await consumer._wait_next_records(0.01) == ({}, set())
    assert waits == []
