"""Cancellations while partitions move from worker to worker."""

import asyncio

import pytest

from schemas.tasks import TaskState
from schemas.topics import TASKS
from streams.processor import Abandoned
from tests.unit.streams.cancelling.examples import AT_ONCE, OTHER_TASK
from tests.unit.streams.held_analysis import Held, in_work
from tests.unit.streams.worker import Kafka, Worker, a_cancellation, an_event


async def test_a_filing_that_was_cancelled_and_handed_back_ends_in_cancelled_where_it_comes_next(kafka: Kafka) -> None:
    analysis = Held(step=1)
    worker = Worker(kafka, analysis)
    processing = await in_work(worker, analysis)
    await worker.cancel(a_cancellation())
    await worker.drain(seconds=0).begin()
    with pytest.raises(Abandoned):
        await processing
    analysis.let_go.set()
    other = Worker(kafka)
    await other.process(an_event())
    assert (kafka.end_states(), other.executions) == ([TaskState.CANCELLED], 0)


@pytest.mark.parametrize("by", ["a drain", "the end of its actor"])
@pytest.mark.parametrize("step", [1, 4])
async def test_a_filing_that_was_handed_back_does_not_store_and_does_not_change_what_is_remembered(
    kafka: Kafka, step: int, by: str
) -> None:
    analysis = Held(step)
    worker = Worker(kafka, analysis)
    processing = await in_work(worker, analysis)
    if by == "a drain":
        await worker.drain(seconds=0).begin()
    else:
        processing.cancel()
    with pytest.raises((Abandoned, asyncio.CancelledError)):
        await processing
    journal = list(kafka.journal)
    analysis.let_go.set()
    assert await asyncio.to_thread(analysis.left.wait, 10)
    assert (analysis.stored, kafka.journal) == (0, journal)


async def test_no_cancellation_begins_while_partitions_move_and_a_drain_waits_for_the_one_in_hand(kafka: Kafka) -> None:
    worker = Worker(kafka)
    drain = worker.drain(seconds=10)
    kafka.topics.held[TASKS] = acknowledged = asyncio.Event()
    in_hand = asyncio.create_task(worker.cancel(a_cancellation()))
    await asyncio.sleep(0)
    draining = asyncio.create_task(drain.begin())
    await asyncio.wait([draining], timeout=0.05)
    assert not draining.done()
    acknowledged.set()
    await draining
    assert kafka.end_states() == [TaskState.CANCELLED]
    await in_hand
    waiting = asyncio.create_task(worker.cancel(a_cancellation(task_id=OTHER_TASK)))
    await asyncio.wait([waiting], timeout=0.05)
    assert kafka.journal == AT_ONCE
    drain.end(asyncio.Event().wait)
    await waiting
    assert kafka.journal == AT_ONCE * 2


async def test_no_filing_begins_before_the_cancellations_are_read_that_came_while_nobody_had_its_partition(
    kafka: Kafka,
) -> None:
    worker, read = Worker(kafka), asyncio.Event()
    worker.drain(seconds=10).end(read.wait)
    processing = asyncio.create_task(worker.process(an_event()))
    await asyncio.sleep(0)
    await worker.cancel(a_cancellation())
    assert not processing.done()
    read.set()
    await processing
    assert (kafka.end_states(), worker.executions) == ([TaskState.CANCELLED], 0)


async def test_filings_begin_although_nobody_can_tell_whether_all_cancellations_are_read(kafka: Kafka) -> None:
    async def away() -> None:
        raise ConnectionError("no broker")

    worker = Worker(kafka)
    worker.drain(seconds=10).end(away)
    await worker.process(an_event())
    assert kafka.end_states() == [TaskState.SUCCESS]


async def test_partitions_that_move_again_before_the_cancellations_are_read_keep_filings_waiting(kafka: Kafka) -> None:
    worker, read = Worker(kafka), asyncio.Event()
    drain = worker.drain(seconds=10)
    drain.end(read.wait)
    await drain.begin()
    read.set()
    processing = asyncio.create_task(worker.process(an_event()))
    await asyncio.wait([processing], timeout=0.05)
    assert kafka.journal == []
    processing.cancel()
