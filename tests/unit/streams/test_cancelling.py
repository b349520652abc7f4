"""Cancellations in a worker: a task ends in CANCELLED without an effect, or in its regular end, and never in both."""

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from schemas.filings import FilingSubmitted
from schemas.tasks import TaskState
from schemas.topics import CANCELLATIONS, FILINGS_RETRIES, RISKS, TASKS, WEBHOOKS
from schemas.webhooks import WebhookDelivery
from streams.analysis_port import Report, Result
from streams.faults import PermanentFault, TransientFault
from streams.incoming import KafkaRecord
from streams.processor import Abandoned
from tests.unit.examples import NOON, TASK_ID, a_filing
from tests.unit.streams.worker import (
    OWNER,
    RESULT,
    Crash,
    Kafka,
    Worker,
    a_cancellation,
    an_event,
    failing,
    remembered,
)

AT_ONCE = ["cancelled", "CANCELLED", "end", "cancellation's offset"]
OTHER_TASK = "01890a5d-ac96-774b-bcce-b302099a8058"
HOOK = "https://example.com/hook"


class Held:
    """An analysis that waits behind one of its steps until the test lets it go; stores in the fifth."""

    def __init__(self, step: int, fault: Exception | None = None) -> None:
        self.reached, self.let_go, self.left = threading.Event(), threading.Event(), threading.Event()
        self.stored = 0
        self._step, self._fault = step, fault

    def __call__(self, _filing: FilingSubmitted, report: Report) -> Result:
        try:
            for step in range(1, 6):
                report(step)
                if step == 5:
                    self.stored += 1
                if step == self._step:
                    self.reached.set()
                    assert self.let_go.wait(10)
                    if self._fault is not None:
                        raise self._fault
        finally:
            self.left.set()
        return RESULT


@pytest.fixture
def kafka() -> Kafka:
    return Kafka()


async def _working(worker: Worker, analysis: Held, **event: int) -> "asyncio.Task[None]":
    """The owner's filing, in work and held."""
    processing = asyncio.create_task(worker.process(an_event(**event)))  # type: ignore[arg-type]
    assert await asyncio.to_thread(analysis.reached.wait, 10)
    return processing


def _states(kafka: Kafka) -> list[TaskState]:
    return [end.status for end in kafka.ends()]


def _told(kafka: Kafka) -> list[WebhookDelivery]:
    return [WebhookDelivery.model_validate_json(each.event.data) for each in kafka.topics.on(WEBHOOKS) if each.event]


# A task that waits


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
    assert _states(kafka) == [TaskState.CANCELLED, TaskState.SUCCESS]


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
    assert _states(kafka) == [TaskState.CANCELLED]


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
    assert set(_states(kafka)) == {TaskState.CANCELLED}
    assert len({end.model_dump_json() for end in kafka.ends()}) == 1
    assert (worker.executions, kafka.table[TASK_ID]) == (0, remembered(ended=True))


TOLD = ["cancelled", "CANCELLED", "webhook", "end", "cancellation's offset"]


async def test_who_asked_is_told_that_a_waiting_task_was_cancelled_before_its_end_is_remembered(kafka: Kafka) -> None:
    await Worker(kafka).cancel(a_cancellation(callback_url=HOOK))
    assert kafka.journal == TOLD
    [end] = kafka.ends()
    assert end.callback_url == HOOK
    [told] = _told(kafka)
    assert (told.webhook_id, told.url, told.owner) == (f"{TASK_ID}-ended", HOOK, OWNER)
    assert json.loads(told.body)["type"] == "task.cancelled"


@pytest.mark.parametrize("acknowledged", range(len(TOLD)))
async def test_a_crash_after_any_acknowledgement_of_a_cancellation_leaves_nobody_untold(
    kafka: Kafka, acknowledged: int
) -> None:
    kafka.crash_after = acknowledged
    with pytest.raises(Crash):
        await Worker(kafka).cancel(a_cancellation(callback_url=HOOK))
    kafka.crash_after = None
    worker = Worker(kafka)
    await worker.cancel(a_cancellation(callback_url=HOOK))  # delivered again
    await worker.process(an_event(a_filing(callback_url=HOOK)))
    assert {(told.webhook_id, json.loads(told.body)["type"]) for told in _told(kafka)} == {
        (f"{TASK_ID}-ended", "task.cancelled")
    }


async def test_who_asked_is_told_of_a_task_that_was_cancelled_in_work(kafka: Kafka) -> None:
    analysis = Held(step=2)
    worker = Worker(kafka, analysis)
    processing = asyncio.create_task(worker.process(an_event(a_filing(callback_url=HOOK))))
    assert await asyncio.to_thread(analysis.reached.wait, 10)
    await worker.cancel(a_cancellation(callback_url=HOOK))
    assert _told(kafka) == []
    analysis.let_go.set()
    await processing
    assert [json.loads(told.body)["type"] for told in _told(kafka)] == ["task.cancelled"]


async def test_a_repeated_cancellation_changes_nothing(kafka: Kafka) -> None:
    worker = Worker(kafka)
    await worker.cancel(a_cancellation())
    await worker.cancel(a_cancellation())
    assert kafka.journal == [*AT_ONCE, "cancellation's offset"]


# A task in work


@pytest.mark.parametrize("step", [1, 2, 3, 4])
async def test_a_running_task_stops_at_its_next_step_and_has_no_effect(kafka: Kafka, step: int) -> None:
    analysis = Held(step)
    worker = Worker(kafka, analysis)
    processing = await _working(worker, analysis)
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
    processing = await _working(worker, analysis)
    await worker.cancel(a_cancellation())
    analysis.let_go.set()
    await processing
    assert _states(kafka) == [TaskState.SUCCESS]
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
    assert (_states(kafka), kafka.topics.on(RISKS)) == ([TaskState.CANCELLED], [])


async def test_a_permanent_fault_before_the_next_step_is_the_tasks_regular_end(kafka: Kafka) -> None:
    analysis = Held(step=2, fault=PermanentFault("not_a_filing", "It is not a filing."))
    worker = Worker(kafka, analysis)
    processing = await _working(worker, analysis)
    await worker.cancel(a_cancellation())
    analysis.let_go.set()
    await processing
    assert _states(kafka) == [TaskState.FAILURE]


@pytest.mark.parametrize("step", [2, 5])
@pytest.mark.parametrize("attempt", [1, 4])
async def test_what_meets_something_away_after_its_cancellation_is_not_tried_again(
    kafka: Kafka, attempt: int, step: int
) -> None:
    analysis = Held(step, fault=TransientFault("The store is away."))
    worker = Worker(kafka, analysis)
    processing = await _working(worker, analysis, attempt=attempt)
    await worker.cancel(a_cancellation())
    analysis.let_go.set()
    await processing
    assert _states(kafka) == [TaskState.CANCELLED]
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
    processing = await _working(worker, analysis)
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
    assert set(_states(kafka)) == {TaskState.CANCELLED}
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
    assert set(_states(kafka)) == {TaskState.SUCCESS if stored else TaskState.CANCELLED}
    assert bool(kafka.topics.on(RISKS)) is stored


async def test_a_filing_that_kills_its_workers_can_be_cancelled(kafka: Kafka) -> None:
    kafka.table[TASK_ID] = remembered(starts=3)
    worker = Worker(kafka)
    await asyncio.gather(worker.cancel(a_cancellation()), worker.process(an_event()))
    assert (_states(kafka), kafka.dead_letters()) == ([TaskState.CANCELLED], [])


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


# Partitions that move


async def test_a_filing_that_was_cancelled_and_handed_back_ends_in_cancelled_where_it_comes_next(kafka: Kafka) -> None:
    analysis = Held(step=1)
    worker = Worker(kafka, analysis)
    processing = await _working(worker, analysis)
    await worker.cancel(a_cancellation())
    await worker.drain(seconds=0).begin()
    with pytest.raises(Abandoned):
        await processing
    analysis.let_go.set()
    other = Worker(kafka)
    await other.process(an_event())
    assert (_states(kafka), other.executions) == ([TaskState.CANCELLED], 0)


@pytest.mark.parametrize("by", ["a drain", "the end of its actor"])
@pytest.mark.parametrize("step", [1, 4])
async def test_a_filing_that_was_handed_back_does_not_store_and_does_not_change_what_is_remembered(
    kafka: Kafka, step: int, by: str
) -> None:
    analysis = Held(step)
    worker = Worker(kafka, analysis)
    processing = await _working(worker, analysis)
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
    assert _states(kafka) == [TaskState.CANCELLED]
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
    assert (_states(kafka), worker.executions) == ([TaskState.CANCELLED], 0)


async def test_filings_begin_although_nobody_can_tell_whether_all_cancellations_are_read(kafka: Kafka) -> None:
    async def away() -> None:
        raise ConnectionError("no broker")

    worker = Worker(kafka)
    worker.drain(seconds=10).end(away)
    await worker.process(an_event())
    assert _states(kafka) == [TaskState.SUCCESS]


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


# Cancellations that change nothing


async def test_a_task_that_has_ended_stays_as_it_is(kafka: Kafka) -> None:
    worker = Worker(kafka)
    await worker.process(an_event())
    journal = list(kafka.journal)
    await worker.cancel(a_cancellation())
    assert kafka.journal == [*journal, "cancellation's offset"]
    assert worker.value("cancellations", outcome="too_late") == 1


async def test_a_cancellation_under_another_owner_changes_nothing(kafka: Kafka) -> None:
    analysis = Held(step=1)
    worker = Worker(kafka, analysis)
    processing = await _working(worker, analysis)
    await worker.cancel(a_cancellation(owner="key-2"))
    analysis.let_go.set()
    await processing
    assert _states(kafka) == [TaskState.SUCCESS]
    assert worker.value("cancellations", outcome="foreign") == 1


async def test_an_upstreams_event_in_work_under_the_id_of_a_keys_task_does_not_undo_the_keys_cancellation(
    kafka: Kafka,
) -> None:
    analysis = Held(step=1)
    worker = Worker(kafka, analysis)
    processing = asyncio.create_task(worker.process(an_event(owner=None)))
    assert await asyncio.to_thread(analysis.reached.wait, 10)
    await worker.cancel(a_cancellation())
    analysis.let_go.set()
    await processing
    assert kafka.table[TASK_ID] == remembered(ended=True)


def _without(name: str) -> Callable[[KafkaRecord], KafkaRecord]:
    return lambda record: replace(record, headers=[pair for pair in record.headers if pair[0] != name])


def _with(value: bytes) -> Callable[[KafkaRecord], KafkaRecord]:
    return lambda record: replace(record, value=value)


@pytest.mark.parametrize(
    "spoilt",
    [
        _without("ce_id"),
        _without("sigmak-owner"),
        _with(b"\xff garbage"),
        _with(b"{}"),
        lambda _record: KafkaRecord(CANCELLATIONS, 0, 0, NOON, None, None, []),
        lambda _record: a_cancellation(task_id="no-task"),
        lambda _record: KafkaRecord(*[getattr(an_event(), name) for name in KafkaRecord.__slots__]),
    ],
    ids=["no id", "no owner", "garbage", "empty", "nothing", "no task's id", "another event"],
)
async def test_what_is_no_cancellation_is_skipped_and_counted_and_the_worker_goes_on(
    kafka: Kafka, spoilt: Callable[[KafkaRecord], KafkaRecord], caplog: pytest.LogCaptureFixture
) -> None:
    worker = Worker(kafka)
    await worker.cancel(spoilt(a_cancellation()))
    assert kafka.journal == ["cancellation's offset"]
    assert worker.value("cancellations", outcome="undecodable") == 1
    assert CANCELLATIONS in caplog.text or "sigmak.filings" in caplog.text
    await worker.cancel(a_cancellation())
    assert _states(kafka) == [TaskState.CANCELLED]


# A fault of the Table is none of the filing's


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
