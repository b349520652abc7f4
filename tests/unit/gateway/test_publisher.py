"""Accepting a filing: first its PENDING status, then the filing event, both acknowledged or neither to be seen."""

import asyncio
import logging

import pytest

from gateway.publisher import FilingPublisher, Offered, OutcomeUnknown
from schemas.envelope import CloudEvent
from schemas.filings import FilingSubmitted, Priority
from schemas.identifiers import task_created_at
from schemas.tasks import TaskState, TaskStatus
from schemas.topics import FILINGS, FILINGS_PRIORITY, TASKS
from tests.unit.examples import TASK_ID, TRACEPARENT, a_filing
from tests.unit.fake_publisher import FakePublisher
from transport.publisher import EventTooLarge, KafkaAway

SURELY_NOT = KafkaAway("Kafka is away", outcome_known=True)
PERHAPS = KafkaAway("Kafka did not acknowledge", outcome_known=False)


@pytest.fixture
def kafka() -> FakePublisher:
    return FakePublisher()


@pytest.fixture
def publisher(kafka: FakePublisher) -> FilingPublisher:
    return FilingPublisher(kafka, timeout=5)


async def _submit(
    publisher: FilingPublisher, filing: FilingSubmitted | None = None, priority: Priority = "normal"
) -> None:
    await publisher.submit(TASK_ID, Offered(filing or a_filing(), "key-1", priority, TRACEPARENT))


async def _background_is_done() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def _event(kafka: FakePublisher, topic: str) -> CloudEvent:
    [message] = kafka.on(topic)
    assert message.event is not None
    return message.event


async def test_pending_is_acknowledged_before_the_filing_is_sent(
    publisher: FilingPublisher, kafka: FakePublisher
) -> None:
    kafka.held[TASKS] = asyncio.Event()
    submitting = asyncio.create_task(_submit(publisher))
    await _background_is_done()
    assert kafka.asked == [TASKS]
    kafka.held[TASKS].set()
    await submitting
    assert kafka.topics() == [TASKS, FILINGS]


async def test_a_filing_is_accepted_only_when_it_is_acknowledged(
    publisher: FilingPublisher, kafka: FakePublisher
) -> None:
    kafka.held[FILINGS] = asyncio.Event()
    submitting = asyncio.create_task(_submit(publisher))
    await _background_is_done()
    assert kafka.asked == [TASKS, FILINGS]
    assert not submitting.done()
    kafka.held[FILINGS].set()
    await submitting


async def test_the_status_says_pending_under_the_task_id(publisher: FilingPublisher, kafka: FakePublisher) -> None:
    await _submit(publisher)
    [message] = kafka.on(TASKS)
    assert message.key == TASK_ID
    event = _event(kafka, TASKS)
    status = TaskStatus.model_validate_json(event.data)
    assert (status.task_id, status.status, status.attempt) == (TASK_ID, TaskState.PENDING, 1)
    assert (status.ticker, status.filing_year, status.submitted_at) == ("ACME", 2024, task_created_at(TASK_ID))
    assert (event.subject, event.time, event.traceparent) == (TASK_ID, status.submitted_at, TRACEPARENT)
    assert event.extensions == {"sigmak-owner": "key-1"}


async def test_the_status_keeps_where_the_end_is_told_for_whoever_ends_the_task(
    publisher: FilingPublisher, kafka: FakePublisher
) -> None:
    await _submit(publisher, a_filing(callback_url="https://example.com/hook"))
    status = TaskStatus.model_validate_json(_event(kafka, TASKS).data)
    assert status.callback_url == "https://example.com/hook"


async def test_the_status_has_the_filings_labels(publisher: FilingPublisher, kafka: FakePublisher) -> None:
    await _submit(publisher, a_filing(labels={"desk": "credit"}))
    assert TaskStatus.model_validate_json(_event(kafka, TASKS).data).labels == {"desk": "credit"}


async def test_the_filing_goes_under_its_ticker_and_has_the_task_id(
    publisher: FilingPublisher, kafka: FakePublisher
) -> None:
    filing = a_filing(ticker="BRK.B")
    await _submit(publisher, filing)
    [message] = kafka.on(FILINGS)
    assert message.key == "BRK.B"
    event = _event(kafka, FILINGS)
    assert FilingSubmitted.model_validate_json(event.data) == filing
    assert (event.id, event.subject, event.traceparent) == (TASK_ID, "BRK.B", TRACEPARENT)
    assert event.extensions == {"sigmak-attempt": "1", "sigmak-owner": "key-1"}
    assert event.time == task_created_at(TASK_ID)


async def test_a_filing_of_high_priority_goes_on_the_priority_lane(
    publisher: FilingPublisher, kafka: FakePublisher
) -> None:
    await _submit(publisher, priority="high")
    assert kafka.topics() == [TASKS, FILINGS_PRIORITY]


async def test_while_kafka_is_away_nothing_is_accepted_and_nothing_sent_further(
    publisher: FilingPublisher, kafka: FakePublisher
) -> None:
    kafka.faults[TASKS] = [SURELY_NOT]
    with pytest.raises(KafkaAway):
        await _submit(publisher)
    await _background_is_done()
    assert kafka.asked == [TASKS]


async def test_a_pending_that_may_be_on_the_broker_is_withdrawn_when_its_filing_was_not_sent(
    publisher: FilingPublisher, kafka: FakePublisher
) -> None:
    kafka.faults[TASKS] = [PERHAPS]
    with pytest.raises(KafkaAway):
        await _submit(publisher)
    await _background_is_done()
    assert kafka.topics() == [TASKS]
    assert kafka.published[0].tombstone


@pytest.mark.parametrize("fault", [SURELY_NOT, EventTooLarge(FILINGS)])
async def test_pending_is_withdrawn_when_the_filing_surely_failed(
    publisher: FilingPublisher, kafka: FakePublisher, fault: Exception
) -> None:
    kafka.faults[FILINGS] = [fault]
    with pytest.raises(type(fault)):
        await _submit(publisher)
    await _background_is_done()
    pending, tombstone = kafka.on(TASKS)
    assert pending.key == tombstone.key
    assert tombstone.tombstone
    assert kafka.on(FILINGS) == []


async def test_the_answer_does_not_wait_for_the_withdrawal(publisher: FilingPublisher, kafka: FakePublisher) -> None:
    kafka.faults[FILINGS] = [SURELY_NOT]
    kafka.held[FILINGS] = asyncio.Event()
    submitting = asyncio.create_task(_submit(publisher))
    await _background_is_done()
    kafka.held[TASKS] = asyncio.Event()
    kafka.held[FILINGS].set()
    with pytest.raises(KafkaAway):
        await submitting
    kafka.held[TASKS].set()
    await _background_is_done()
    assert kafka.on(TASKS)[-1].tombstone


async def test_pending_stays_when_the_filing_may_be_on_the_broker_and_the_caller_gets_its_id(
    publisher: FilingPublisher, kafka: FakePublisher
) -> None:
    kafka.faults[FILINGS] = [PERHAPS]
    with pytest.raises(OutcomeUnknown) as unknown:
        await _submit(publisher)
    await _background_is_done()
    [pending] = kafka.on(TASKS)
    assert pending.key == unknown.value.task_id == TASK_ID
    assert not pending.tombstone


async def test_a_withdrawal_that_fails_is_logged_and_disturbs_nobody(
    publisher: FilingPublisher, kafka: FakePublisher, caplog: pytest.LogCaptureFixture
) -> None:
    kafka.faults[TASKS] = [None, SURELY_NOT]
    kafka.faults[FILINGS] = [SURELY_NOT]
    with caplog.at_level(logging.WARNING), pytest.raises(KafkaAway):
        await _submit(publisher)
    await _background_is_done()
    assert "was not withdrawn" in caplog.text


async def test_a_status_that_is_not_acknowledged_in_time_is_kafka_away(kafka: FakePublisher) -> None:
    kafka.held[TASKS] = asyncio.Event()
    with pytest.raises(KafkaAway) as away:
        await _submit(FilingPublisher(kafka, timeout=0.05))
    assert not away.value.outcome_known
    assert FILINGS not in kafka.asked


async def test_a_filing_that_is_not_acknowledged_in_time_is_of_unknown_outcome(kafka: FakePublisher) -> None:
    kafka.held[FILINGS] = asyncio.Event()
    with pytest.raises(OutcomeUnknown):
        await _submit(FilingPublisher(kafka, timeout=0.05))


@pytest.mark.alone
async def test_both_acknowledgements_share_one_deadline(kafka: FakePublisher) -> None:
    timeout, loop = 0.8, asyncio.get_running_loop()
    kafka.held = {TASKS: asyncio.Event(), FILINGS: asyncio.Event()}
    loop.call_later(0.9 * timeout, kafka.held[TASKS].set)
    began = loop.time()
    with pytest.raises(OutcomeUnknown):
        await _submit(FilingPublisher(kafka, timeout=timeout))
    assert loop.time() - began < 1.5 * timeout
