"""Accepting a batch: what is told before what, and that whoever goes on after a break completes it."""

import asyncio
import contextlib
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from gateway.batches.batch_publisher import BatchIncomplete, BatchPublisher, OfferedBatch, member_id
from gateway.idempotency.fingerprints import batch_hash_in_thread
from gateway.idempotency.submissions import KeyedSubmissions, KeyReused, Receipt
from gateway.publisher import FilingPublisher, Offered
from schemas.batches import BatchOpened, BatchStatus, MemberOutcome
from schemas.filings import FilingSubmitted
from schemas.identifiers import new_task_id
from schemas.tasks import TaskState, TaskStatus
from schemas.topics import BATCH_MEMBERS, BATCHES, FILINGS, IDEMPOTENCY, TASKS
from tests.unit.examples import NOON, TASK_ID, TRACEPARENT, a_filing
from tests.unit.fake_publisher import FakePublisher
from tests.unit.gateway.idempotency.breaking_kafka import PERHAPS, SURELY_NOT, BreakingKafka, Killed
from tests.unit.gateway.idempotency.fake_claims import FakeClaims
from transport.publisher import EventTooLarge, KafkaAway

OWNER, URL = "key-1", "https://example.com/hook"
ALL_OF_ONE = [IDEMPOTENCY, *[TASKS] * 3, BATCH_MEMBERS, BATCHES, *[FILINGS] * 3, IDEMPOTENCY]
BREAKS = [
    (at, fault, stored)
    for at in range(1, len(ALL_OF_ONE) + 1)
    for fault, stored in ((Killed(), False), (Killed(), True), (SURELY_NOT, False), (PERHAPS, False), (PERHAPS, True))
]


@pytest.fixture
def kafka() -> FakePublisher:
    return FakePublisher()


def _publisher(kafka: FakePublisher, timeout: float = 5) -> BatchPublisher:
    return BatchPublisher(FilingPublisher(kafka, timeout), timeout)


def _keyed(kafka: FakePublisher, now: datetime = NOON) -> KeyedSubmissions[OfferedBatch]:
    return KeyedSubmissions(_publisher(kafka), FakeClaims(kafka), batch_hash_in_thread, now=lambda: now)


def _batch(count: int = 3) -> OfferedBatch:
    filings = {index: a_filing(ticker=f"T{index}") for index in range(count)}
    return OfferedBatch(
        {index: Offered(filing, OWNER, "normal", TRACEPARENT) for index, filing in filings.items()}, count, OWNER
    )


def _members(count: int = 3) -> list[str]:
    return [member_id(TASK_ID, index) for index in range(count)]


def _on_lane(kafka: FakePublisher) -> list[str]:
    return [message.event.id for message in kafka.on(FILINGS) if message.event is not None]


def _pending(kafka: FakePublisher) -> set[str]:
    return {str(message.key) for message in kafka.on(TASKS)}


def _opened(kafka: FakePublisher) -> list[BatchOpened]:
    events = [message.event for message in kafka.on(BATCH_MEMBERS) if message.event is not None]
    return [BatchOpened.model_validate_json(event.data) for event in events]


async def test_statuses_then_members_then_the_batchs_status_are_acknowledged_before_the_first_filing(
    kafka: FakePublisher,
) -> None:
    for held, asked in {TASKS: 3, BATCH_MEMBERS: 4, BATCHES: 5, FILINGS: 8}.items():
        kafka.held[held] = asyncio.Event()
        submitting = asyncio.create_task(_publisher(kafka).submit(TASK_ID, _batch()))
        await asyncio.sleep(0.01)
        assert kafka.asked == ALL_OF_ONE[1 : asked + 1]
        kafka.held.pop(held).set()
        await submitting
        assert kafka.topics() == ALL_OF_ONE[1:-1]
        kafka.published.clear()
        kafka.asked.clear()


async def test_a_batch_is_told_to_workers_and_to_readers_with_the_members_as_they_were_sent(
    kafka: FakePublisher,
) -> None:
    await _publisher(kafka).submit(TASK_ID, _batch())
    [opened] = _opened(kafka)
    [told] = kafka.on(BATCHES)
    assert told.event is not None
    status = BatchStatus.model_validate_json(told.event.data)
    assert (told.key, told.event.extensions) == (TASK_ID, {"sigmak-owner": OWNER})
    assert (status.status, status.ended, status.members) == ("OPEN", {}, opened.members)
    assert [member.task_id for member in opened.members] == _on_lane(kafka) == _members()
    assert [member.ticker for member in opened.members] == ["T0", "T1", "T2"]


async def test_where_the_batchs_end_is_told_stands_in_it_and_not_in_its_filings(kafka: FakePublisher) -> None:
    await _publisher(kafka).submit(TASK_ID, replace(_batch(), callback_url=URL))
    [opened] = _opened(kafka)
    [told] = [BatchStatus.model_validate_json(each.event.data) for each in kafka.on(BATCHES) if each.event]
    assert opened.callback_url == told.callback_url == URL
    statuses = [TaskStatus.model_validate_json(each.event.data) for each in kafka.on(TASKS) if each.event]
    assert {status.callback_url for status in statuses} == {None}


async def test_statuses_and_filings_name_their_batch_so_that_it_is_told_of_their_ends(kafka: FakePublisher) -> None:
    await _publisher(kafka).submit(TASK_ID, _batch())
    statuses = [TaskStatus.model_validate_json(each.event.data) for each in kafka.on(TASKS) if each.event]
    filings = [FilingSubmitted.model_validate_json(each.event.data) for each in kafka.on(FILINGS) if each.event]
    assert {each.batch_id for each in (*statuses, *filings)} == {TASK_ID}


def test_a_places_task_is_the_same_whatever_becomes_of_the_other_places() -> None:
    batch = _batch()
    less = OfferedBatch({index: batch.filings[index] for index in (0, 2)}, 3, OWNER)
    assert less.task_ids(TASK_ID) == [_members()[0], _members()[2]]


async def test_what_kafka_does_not_take_is_named_and_nothing_sent_behind_it(kafka: FakePublisher) -> None:
    kafka.faults[FILINGS] = [None, None, SURELY_NOT]
    with pytest.raises(BatchIncomplete) as broken:
        await _publisher(kafka).submit(TASK_ID, _batch(20))
    assert (broken.value.batch_id, broken.value.accepted, broken.value.unknown) == (TASK_ID, _members(2), [])
    assert _on_lane(kafka) == _members(2)
    assert _pending(kafka) == set(_members(20)), "its owner may cancel the others, or send them again"
    assert not any(message.tombstone for message in kafka.published)


async def test_what_kafka_may_have_taken_is_named_as_unknown(kafka: FakePublisher) -> None:
    kafka.faults[FILINGS] = [None, PERHAPS]
    with pytest.raises(BatchIncomplete) as broken:
        await _publisher(kafka).submit(TASK_ID, _batch())
    assert (broken.value.accepted, broken.value.unknown) == (_members(1), [_members(2)[1]])


@pytest.mark.parametrize("topic", [TASKS, BATCH_MEMBERS, BATCHES])
@pytest.mark.parametrize("fault", [SURELY_NOT, PERHAPS])
async def test_a_batch_that_was_not_told_of_is_not_accepted_and_nobody_goes_on_seeing_it(
    kafka: FakePublisher, topic: str, fault: KafkaAway
) -> None:
    kafka.faults[topic] = [fault]
    with pytest.raises(KafkaAway):
        await _publisher(kafka).submit(TASK_ID, _batch())
    await asyncio.sleep(0.01)
    last = {(message.topic, str(message.key)): message.tombstone for message in kafka.published}
    assert all(last[TASKS, task_id] for task_id in _members())
    assert last[BATCHES, TASK_ID]
    assert _on_lane(kafka) == []


async def test_a_filing_that_is_too_large_for_its_lane_fails_alone_and_tells_its_batch(kafka: FakePublisher) -> None:
    kafka.faults[FILINGS] = [None, EventTooLarge(FILINGS)]
    await _publisher(kafka).submit(TASK_ID, _batch())
    first, second, third = _members()
    assert _on_lane(kafka) == [first, third]
    end, outcome = kafka.on(TASKS)[-1], kafka.on(BATCH_MEMBERS)[-1]
    assert end.event is not None
    assert outcome.event is not None
    status = TaskStatus.model_validate_json(end.event.data)
    told = MemberOutcome.model_validate_json(outcome.event.data)
    assert (end.key, outcome.key, told.member.task_id) == (second, TASK_ID, second)
    assert (status.status, told.state) == (TaskState.FAILURE, TaskState.FAILURE)
    assert status.error is not None
    assert (status.error.type, told.error) == ("document_too_large", status.error)


async def test_only_a_few_filings_wait_for_kafka_at_once(kafka: FakePublisher) -> None:
    kafka.held[FILINGS] = asyncio.Event()
    submitting = asyncio.create_task(_publisher(kafka).submit(TASK_ID, _batch(30)))
    await asyncio.sleep(0.05)
    assert kafka.asked.count(FILINGS) == 8
    kafka.held[FILINGS].set()
    await submitting
    assert len(_on_lane(kafka)) == 30


async def test_a_batch_that_is_not_acknowledged_in_time_is_of_unknown_outcome(kafka: FakePublisher) -> None:
    kafka.held[FILINGS] = asyncio.Event()
    with pytest.raises(BatchIncomplete) as broken:
        await _publisher(kafka, timeout=0.05).submit(TASK_ID, _batch())
    assert (broken.value.accepted, broken.value.unknown) == ([], _members())


# With an Idempotency-Key


async def test_the_claim_of_a_key_goes_first_and_that_it_is_accepted_last(kafka: FakePublisher) -> None:
    receipt = await _keyed(kafka).submit("one", TASK_ID, _batch())
    assert receipt == Receipt(TASK_ID)
    assert kafka.topics() == ALL_OF_ONE


async def test_the_same_key_is_the_same_batch_and_another_body_is_refused(kafka: FakePublisher) -> None:
    gateway = _keyed(kafka)
    await gateway.submit("one", TASK_ID, _batch())
    assert await gateway.submit("one", new_task_id(), _batch()) == Receipt(TASK_ID, replayed=True)
    batch = _batch()
    others = [_batch(4), replace(batch, size=4), replace(batch, filings={0: batch.filings[0]}),
              replace(batch, callback_url=URL)]  # fmt: skip
    for other in others:
        with pytest.raises(KeyReused):
            await gateway.submit("one", new_task_id(), other)
    assert kafka.topics() == ALL_OF_ONE


@pytest.mark.parametrize(("breaks_at", "fault", "stored"), BREAKS)
async def test_wherever_a_batch_broke_off_its_key_completes_it_under_the_same_ids(
    breaks_at: int, fault: BaseException, stored: bool
) -> None:
    kafka = BreakingKafka(breaks_at, fault, stored)
    with contextlib.suppress(Killed, BaseExceptionGroup, KafkaAway, BatchIncomplete):
        await _keyed(kafka).submit("one", TASK_ID, _batch())
    if _on_lane(kafka):
        assert _pending(kafka) == set(_members())
        assert _opened(kafka)
        assert kafka.on(BATCHES)
    later = NOON + timedelta(minutes=1)
    receipt = await _keyed(kafka, later).submit("one", new_task_id(), _batch())
    members = [member_id(receipt.task_id, index) for index in range(3)]
    assert set(_on_lane(kafka)) == set(members)
    assert _pending(kafka) == set(members)
    assert {message.key for topic in (BATCHES, BATCH_MEMBERS) for message in kafka.on(topic)} == {receipt.task_id}
    assert len({str(opened) for opened in _opened(kafka)}) == 1
    assert not any(message.tombstone for message in kafka.published)
