"""A cancelled task that waits ends at once, and never starts."""

import asyncio

import pytest

from schemas.tasks import TaskState
from streams.faults import TransientFault
from tests.unit.examples import NOON, TASK_ID
from tests.unit.streams.cancelling.examples import AT_ONCE, OTHER_TASK
from tests.unit.streams.held_analysis import Held
from tests.unit.streams.worker import OWNER, Crash, Kafka, Worker, a_cancellation, an_event, failing, remembered


async def test_a_waiting_task_is_cancelled_at_once_each_step_acknowledged_and_never_starts(kafka: Kafka) -> None:
    worker = Worker(kafka)
    await worker.cancel(a_cancellation())
    assert kafka.journal == AT_ONCE
    await worker.process(an_event())
    assert kafka.journal == [*AT_ONCE, "offset"]
    assert (worker.executions, worker.counted("finished", state="CANCELLED")) == (0, 1)
    assert worker.value("cancellations", outcome="ended") == 1


async def test_the_status_tells_all_of_the_task_without_its_filing(kafka: Kafka) -> None:
    await Worker(kafka).cancel(a_cancellation())
    [end] = kafka.ends()
    assert (end.task_id, end.ticker, end.filing_year, end.submitted_at) == (TASK_ID, "ACME", 2024, NOON)
    assert (end.attempt, end.progress.current, end.started_at, end.ended_at) == (1, 0, None, NOON)
    assert (end.error, end.result, end.labels, end.callback_url) == (None, None, {"desk": "credit"}, None)
    [told] = kafka.topics.published
    assert told.event is not None
    assert told.event.extensions["sigmak-owner"] == OWNER


async def test_a_task_that_waits_for_the_processor_is_cancelled_while_it_waits(kafka: Kafka) -> None:
    worker, analysis = Worker(kafka), Held(step=1)
    worker.processor._analysis = analysis
    other = asyncio.create_task(worker.process(an_event(task_id=OTHER_TASK)))
    assert await asyncio.to_thread(analysis.reached.wait, 10)
    waiting = asyncio.create_task(worker.process(an_event()))
    await asyncio.sleep(0)
    await worker.cancel(a_cancellation())
    assert [(end.task_id, end.status) for end in kafka.ends()] == [(TASK_ID, TaskState.CANCELLED)]
    analysis.let_go.set()
    await asyncio.gather(other, waiting)
    assert analysis.stored == 1
    assert kafka.end_states() == [TaskState.CANCELLED, TaskState.SUCCESS]


async def test_a_retrying_task_is_cancelled_in_the_attempt_that_it_waits_for_which_is_then_skipped(
    kafka: Kafka,
) -> None:
    await Worker(kafka, failing(TransientFault("away"))).process(an_event())
    worker = Worker(kafka)
    await worker.cancel(a_cancellation())
    [end] = kafka.ends()
    assert (end.status, end.attempt) == (TaskState.CANCELLED, 2)
    assert end.order.supersedes(kafka.statuses()[-2].order)
    await worker.process(an_event(attempt=2))
    assert (worker.executions, len(kafka.ends())) == (0, 1)


async def test_a_filing_whose_turn_comes_while_its_cancellation_is_written_does_not_start(kafka: Kafka) -> None:
    worker = Worker(kafka)
    await asyncio.gather(worker.cancel(a_cancellation()), worker.process(an_event()))
    assert worker.executions == 0
    assert kafka.end_states() == [TaskState.CANCELLED]


@pytest.mark.parametrize("acknowledged", range(len(AT_ONCE)))
async def test_a_crash_after_any_acknowledgement_of_a_waiting_tasks_cancellation_ends_it_in_cancelled(
    kafka: Kafka, acknowledged: int
) -> None:
    kafka.crash_after = acknowledged
    with pytest.raises(Crash):
        await Worker(kafka).cancel(a_cancellation())
    kafka.crash_after = None
    worker = Worker(kafka)
    await worker.cancel(a_cancellation())  # delivered again
    await worker.process(an_event())
    assert set(kafka.end_states()) == {TaskState.CANCELLED}
    assert len({end.model_dump_json() for end in kafka.ends()}) == 1
    assert (worker.executions, kafka.table[TASK_ID]) == (0, remembered(ended=True))


async def test_a_repeated_cancellation_changes_nothing(kafka: Kafka) -> None:
    worker = Worker(kafka)
    await worker.cancel(a_cancellation())
    await worker.cancel(a_cancellation())
    assert kafka.journal == [*AT_ONCE, "cancellation's offset"]
