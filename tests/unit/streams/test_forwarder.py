"""The forwarder: what waited goes back to its lane, once it is due."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from schemas.dead_letters import Death
from schemas.tasks import TaskState, TaskStatus
from schemas.topics import FILINGS, FILINGS_DEAD, FILINGS_PRIORITY, FILINGS_RETRIES, TASKS
from streams.forwarder import Forwarder, due_at
from streams.incoming import FilingRecord
from streams.metrics import ForwarderMetrics
from streams.outcomes import Outcomes
from tests.unit.examples import NOON
from tests.unit.fake_publisher import FakePublisher
from tests.unit.streams.worker import an_event
from transport.publisher import EventTooLarge, KafkaAway


@dataclass
class FakeWaiting:
    """Hands out batches of records, then asks the forwarder to stop."""

    batches: list[list[FilingRecord]]
    stop: asyncio.Event
    committed: list[FilingRecord] = field(default_factory=list)

    def take(self, seconds: float) -> list[FilingRecord]:
        assert seconds > 0
        batch = self.batches.pop(0)
        if not self.batches:
            self.stop.set()
        return batch

    def commit(self, records: Sequence[FilingRecord]) -> None:
        self.committed += records


def waiting_event(*, lane: str = FILINGS, due: str = NOON.isoformat(), offset: int = 5) -> FilingRecord:
    """An event as the worker puts it on a retry topic."""
    event = an_event(attempt=2)
    headers = [*event.headers, ("sigmak-lane", lane.encode()), ("sigmak-due-at", due.encode())]
    return FilingRecord(FILINGS_RETRIES[0], 3, offset, NOON, event.key, event.value, headers)


@pytest.fixture
def kafka() -> FakePublisher:
    return FakePublisher()


async def forward(kafka: FakePublisher, *batches: list[FilingRecord]) -> FakeWaiting:
    stop = asyncio.Event()
    waiting = FakeWaiting([*batches], stop)
    await Forwarder(waiting, kafka, Outcomes(kafka, lambda: NOON), ForwarderMetrics()).run(stop)
    return waiting


@pytest.mark.parametrize("lane", [FILINGS, FILINGS_PRIORITY])
async def test_an_event_goes_back_to_the_lane_and_partition_that_it_came_from(kafka: FakePublisher, lane: str) -> None:
    record = waiting_event(lane=lane)
    await forward(kafka, [record])
    [sent] = kafka.published
    assert (sent.topic, sent.partition, sent.key, sent.value) == (lane, 3, record.key, record.value)
    assert dict(sent.headers)["sigmak-attempt"] == b"2"
    assert not {"sigmak-lane", "sigmak-due-at"} & dict(sent.headers).keys()


async def test_an_event_is_on_its_lane_before_its_offset_is_committed(kafka: FakePublisher) -> None:
    kafka.faults[FILINGS] = [KafkaAway("away", outcome_known=False)]
    stop = asyncio.Event()
    waiting = FakeWaiting([[waiting_event()]], stop)
    with pytest.raises(KafkaAway):
        await Forwarder(waiting, kafka, Outcomes(kafka, lambda: NOON), ForwarderMetrics()).run(stop)
    assert waiting.committed == []


async def test_what_was_forwarded_is_committed(kafka: FakePublisher) -> None:
    records = [waiting_event(offset=5), waiting_event(offset=6)]
    assert (await forward(kafka, records, [])).committed == records


async def test_a_record_without_a_lane_is_a_dead_letter_and_stops_nobody(kafka: FakePublisher) -> None:
    await forward(kafka, [waiting_event(lane="elsewhere")], [waiting_event()])
    [letter] = kafka.on(FILINGS_DEAD)
    assert Death.of(letter.headers).type == "undecodable"
    assert len(kafka.on(FILINGS)) == 1


async def test_an_event_that_its_lane_does_not_take_is_kept_and_its_task_fails(kafka: FakePublisher) -> None:
    kafka.faults[FILINGS] = [EventTooLarge(FILINGS)]
    await forward(kafka, [waiting_event()])
    assert len(kafka.on(FILINGS_DEAD)) == 1
    [status] = kafka.on(TASKS)
    assert status.event is not None
    assert TaskStatus.model_validate_json(status.event.data).status is TaskState.FAILURE


def test_an_event_is_due_when_its_header_says_so() -> None:
    later = NOON + timedelta(seconds=60)
    assert due_at(waiting_event(due=later.isoformat())) == later


def test_an_event_of_a_worker_whose_clock_is_ahead_is_due_no_later_than_the_longest_delay_after_the_broker_took_it() -> (
    None
):
    ahead = NOON + timedelta(hours=8)
    assert due_at(waiting_event(due=ahead.isoformat())) == NOON + timedelta(hours=1)


@pytest.mark.parametrize("due", ["", "soon", "2026-02-03T12:00:00"])
def test_an_event_that_does_not_say_when_is_due_at_once(due: str) -> None:
    assert due_at(waiting_event(due=due)) < NOON - timedelta(days=365)
