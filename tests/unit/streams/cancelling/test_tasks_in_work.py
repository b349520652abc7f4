"""A cancelled task in work ends in CANCELLED without an effect, or in its regular end, and never in both."""

import asyncio
import threading

import pytest

from schemas.filings import FilingSubmitted
from schemas.tasks import TaskState
from schemas.topics import FILINGS_RETRIES, RISKS
from streams.analysis_port import Report, Result
from streams.faults import PermanentFault, TransientFault
from tests.unit.examples import NOON, TASK_ID
from tests.unit.streams.held_analysis import Held, in_work
from tests.unit.streams.worker import RESULT, Crash, Kafka, Worker, a_cancellation, an_event, failing, remembered


@pytest.mark.parametrize("step", [1, 2, 3, 4])
async def test_a_running_task_stops_at_its_next_step_and_has_no_effect(kafka: Kafka, step: int) -> None:
    analysis = Held(step)
    worker = Worker(kafka, analysis)
    processing = await in_work(worker, analysis)
    await worker.cancel(a_cancellation())
    assert kafka.ends() == []
    analysis.let_go.set()
    await processing
    [end] = kafka.ends()
    assert (end.status, end.progress.current, end.started_at) == (TaskState.CANCELLED, step, NOON)
    assert (analysis.stored, kafka.topics.on(RISKS)) == (0, [])
    assert kafka.journal[-3:] == ["CANCELLED", "end", "offset"]
    assert worker.value("cancellations", outcome="stopping") == 1
    assert worker.counted("finished", state="CANCELLED") == 1


async def test_once_it_stores_it_is_too_late_and_the_task_ends_regularly(kafka: Kafka) -> None:
    analysis = Held(step=5)
    worker = Worker(kafka, analysis)
    processing = await in_work(worker, analysis)
    await worker.cancel(a_cancellation())
    analysis.let_go.set()
    await processing
    assert kafka.end_states() == [TaskState.SUCCESS]
    assert worker.value("cancellations", outcome="too_late") == 1
    assert kafka.table[TASK_ID] == remembered(ended=True)


async def test_an_analysis_that_tells_no_step_can_be_cancelled_until_its_result_is_published(kafka: Kafka) -> None:
    reached, let_go = threading.Event(), threading.Event()

    def silent(_filing: FilingSubmitted, _report: Report) -> Result:
        reached.set()
        assert let_go.wait(10)
        return RESULT

    worker = Worker(kafka, silent)
    processing = asyncio.create_task(worker.process(an_event()))
    assert await asyncio.to_thread(reached.wait, 10)
    await worker.cancel(a_cancellation())
    let_go.set()
    await processing
    assert (kafka.end_states(), kafka.topics.on(RISKS)) == ([TaskState.CANCELLED], [])


async def test_a_permanent_fault_before_the_next_step_is_the_tasks_regular_end(kafka: Kafka) -> None:
    analysis = Held(step=2, fault=PermanentFault("not_a_filing", "It is not a filing."))
    worker = Worker(kafka, analysis)
    processing = await in_work(worker, analysis)
    await worker.cancel(a_cancellation())
    analysis.let_go.set()
    await processing
    assert kafka.end_states() == [TaskState.FAILURE]


@pytest.mark.parametrize("step", [2, 5])
@pytest.mark.parametrize("attempt", [1, 4])
async def test_what_meets_something_away_after_its_cancellation_is_not_tried_again(
    kafka: Kafka, attempt: int, step: int
) -> None:
    analysis = Held(step, fault=TransientFault("The store is away."))
    worker = Worker(kafka, analysis)
    processing = await in_work(worker, analysis, an_event(attempt=attempt))
    await worker.cancel(a_cancellation())
    analysis.let_go.set()
    await processing
    assert kafka.end_states() == [TaskState.CANCELLED]
    assert kafka.dead_letters() == []
    assert "next attempt" not in kafka.journal


@pytest.mark.parametrize("told", ["next attempt", "RETRY", "attempt 2"])
async def test_a_cancellation_that_comes_while_the_next_attempt_is_published_is_honoured_after_it(
    kafka: Kafka, told: str
) -> None:
    worker = Worker(kafka, failing(TransientFault("away")))
    wishing: list[asyncio.Task[None]] = []

    def wish(what: str) -> None:
        if what == told:
            wishing.append(asyncio.create_task(worker.cancel(a_cancellation())))

    kafka.on_acknowledge = wish
    await worker.process(an_event())
    await asyncio.gather(*wishing)
    [end] = kafka.ends()
    assert end.status is TaskState.CANCELLED
    assert end.order.supersedes(next(each.order for each in kafka.statuses() if each.status is TaskState.RETRY))
    assert len(kafka.topics.on(FILINGS_RETRIES[0])) == 1
    late = Worker(kafka)
    await late.process(an_event(attempt=2))
    assert (late.executions, len(kafka.ends())) == (0, 1)


RUNNING = ["starts: 1", "step 1", "step 2", "cancelled", "cancellation's offset", "CANCELLED", "end", "offset"]


@pytest.mark.parametrize("acknowledged", range(3, len(RUNNING)))
async def test_a_crash_after_a_running_tasks_cancellation_was_taken_ends_in_cancelled_without_a_start(
    kafka: Kafka, acknowledged: int
) -> None:
    analysis = Held(step=2)
    worker = Worker(kafka, analysis)
    processing = await in_work(worker, analysis)
    kafka.crash_after = acknowledged
    cancelling = asyncio.create_task(worker.cancel(a_cancellation()))
    await asyncio.wait([cancelling])
    analysis.let_go.set()
    await asyncio.wait([processing])
    assert kafka.journal == RUNNING[:acknowledged]
    assert isinstance(processing.exception(), Crash)
    kafka.crash_after = None
    other = Worker(kafka)
    if cancelling.exception() is not None:
        await other.cancel(a_cancellation())  # delivered again
    await other.process(an_event())
    assert set(kafka.end_states()) == {TaskState.CANCELLED}
    assert (other.executions, kafka.topics.on(RISKS)) == (0, [])


STORED = ["starts: 1", "step 1", "step 2", "step 3", "step 4", "storing", "step 5", "result", "SUCCESS", "end"]


@pytest.mark.parametrize("acknowledged", range(1, len(STORED) + 1))
async def test_a_cancellation_after_a_crash_is_too_late_exactly_where_the_dead_worker_may_have_had_an_effect(
    kafka: Kafka, acknowledged: int
) -> None:
    kafka.crash_after = acknowledged
    with pytest.raises(Crash):
        await Worker(kafka).process(an_event())
    assert kafka.journal == STORED[:acknowledged]
    kafka.crash_after = None
    other = Worker(kafka)
    await other.cancel(a_cancellation())
    await other.process(an_event())
    stored = "storing" in STORED[:acknowledged]
    assert set(kafka.end_states()) == {TaskState.SUCCESS if stored else TaskState.CANCELLED}
    assert bool(kafka.topics.on(RISKS)) is stored


async def test_a_filing_that_kills_its_workers_can_be_cancelled(kafka: Kafka) -> None:
    kafka.table[TASK_ID] = remembered(starts=3)
    worker = Worker(kafka)
    await asyncio.gather(worker.cancel(a_cancellation()), worker.process(an_event()))
    assert (kafka.end_states(), kafka.dead_letters()) == ([TaskState.CANCELLED], [])


async def test_an_attempt_that_failed_for_now_forgets_that_it_stored_but_not_what_a_dead_worker_may_have_stored(
    kafka: Kafka,
) -> None:
    away = Held(step=5, fault=TransientFault("away"))
    away.let_go.set()
    await Worker(kafka, away).process(an_event())
    assert kafka.table[TASK_ID] == remembered(attempt=2)
    kafka.table[TASK_ID] = remembered(starts=1, storing=True)
    await Worker(kafka, failing(TransientFault("away"))).process(an_event())
    assert kafka.table[TASK_ID] == remembered(attempt=2, storing=True)


async def test_a_table_that_fails_before_the_filing_is_stored_ends_the_worker_and_not_the_filing(kafka: Kafka) -> None:
    def broken(what: str) -> None:
        if what == "storing":
            raise ConnectionError("no broker")

    kafka.on_acknowledge = broken
    with pytest.raises(ConnectionError):
        await Worker(kafka).process(an_event())
    assert kafka.ends() == kafka.dead_letters() == []


@pytest.mark.parametrize("told", STORED)
async def test_at_whatever_point_of_its_life_a_filing_is_cancelled_it_has_one_end_and_an_effect_only_in_success(
    kafka: Kafka, told: str
) -> None:
    worker = Worker(kafka)
    wishing: list[asyncio.Task[None]] = []

    def wish(what: str) -> None:
        if what == told and not wishing:
            wishing.append(asyncio.create_task(worker.cancel(a_cancellation())))

    kafka.on_acknowledge = wish
    await worker.process(an_event())
    await asyncio.gather(*wishing)
    [end] = kafka.ends()
    assert len(kafka.topics.on(RISKS)) == (1 if end.status is TaskState.SUCCESS else 0)
    assert worker.counted("finished", state=end.status.value) == 1
    assert kafka.table[TASK_ID] == remembered(ended=True)
