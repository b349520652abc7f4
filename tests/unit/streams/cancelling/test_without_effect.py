"""Cancellations that change nothing."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from schemas.tasks import TaskState
from schemas.topics import CANCELLATIONS
from streams.incoming import KafkaRecord
from tests.unit.examples import NOON, TASK_ID
from tests.unit.streams.held_analysis import Held, in_work
from tests.unit.streams.worker import Kafka, Worker, a_cancellation, an_event, remembered


async def test_a_task_that_has_ended_stays_as_it_is(kafka: Kafka) -> None:
    worker = Worker(kafka)
    await worker.process(an_event())
    journal = list(kafka.journal)
    await worker.cancel(a_cancellation())
    assert kafka.journal == [*journal, "cancellation's offset"]
    assert worker.value("cancellations", outcome="too_late") == 1


async def test_a_cancellation_that_is_too_late_is_committed_once_the_end_is_on_the_broker(kafka: Kafka) -> None:
    worker = Worker(kafka)
    acknowledged = worker.attempts.leave_under_way(TASK_ID, remembered(ended=True))
    cancelling = asyncio.create_task(worker.cancel(a_cancellation()))
    assert not (await asyncio.wait([cancelling], timeout=0.05))[0]
    assert kafka.journal == []
    acknowledged.set()
    await cancelling
    assert kafka.journal == ["cancellation's offset"]


async def test_a_cancellation_under_another_owner_changes_nothing(kafka: Kafka) -> None:
    analysis = Held(step=1)
    worker = Worker(kafka, analysis)
    processing = await in_work(worker, analysis)
    await worker.cancel(a_cancellation(owner="key-2"))
    analysis.let_go.set()
    await processing
    assert kafka.end_states() == [TaskState.SUCCESS]
    assert worker.value("cancellations", outcome="foreign") == 1


async def test_an_upstreams_event_in_work_under_the_id_of_a_keys_task_does_not_undo_the_keys_cancellation(
    kafka: Kafka,
) -> None:
    analysis = Held(step=1)
    worker = Worker(kafka, analysis)
    processing = await in_work(worker, analysis, an_event(owner=None))
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
    assert kafka.end_states() == [TaskState.CANCELLED]
