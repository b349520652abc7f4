"""Wherever a submission with an Idempotency-Key broke off, the next one completes it."""

import asyncio
import logging

import pytest

from gateway.idempotency.submissions import Receipt
from gateway.publisher import OutcomeUnknown
from schemas.identifiers import new_task_id
from schemas.topics import FILINGS, IDEMPOTENCY, TASKS
from tests.unit.examples import a_filing
from tests.unit.fake_publisher import FakePublisher
from tests.unit.gateway.idempotency.breaking_kafka import PERHAPS, SURELY_NOT, BreakingKafka, Killed
from tests.unit.gateway.idempotency.fake_claims import FakeClaims
from tests.unit.gateway.idempotency.keyed_gateway import answer, gateway_on, offered, tasks_on, until
from transport.publisher import EventTooLarge

_MESSAGES = {"the claim": 1, "PENDING": 2, "the filing event": 3, "that it is accepted": 4}
_BREAKS = {
    "the gateway is killed before": (Killed(), False),
    "the gateway is killed after": (Killed(), True),
    "Kafka is known to be away": (SURELY_NOT, False),
    "no answer, and it is not there": (PERHAPS, False),
    "no answer, and it is there": (PERHAPS, True),
}


@pytest.mark.parametrize("lags", [False, True])
@pytest.mark.parametrize("how", _BREAKS)
@pytest.mark.parametrize("message", _MESSAGES)
async def test_wherever_a_first_submission_breaks_off_the_next_completes_it_as_the_same_task(
    message: str, how: str, lags: bool
) -> None:
    fault, stored = _BREAKS[how]
    kafka = BreakingKafka(_MESSAGES[message], fault, stored)
    first = await answer(gateway_on(kafka, timeout=1))
    second = await gateway_on(kafka, FakeClaims(kafka, lags=lags), timeout=1).submit("one", new_task_id(), offered())
    assert tasks_on(kafka) == {second.task_id}
    assert not any(told.tombstone for told in kafka.on(TASKS)), "a reader would take the task for one that is gone"
    if isinstance(first, Receipt):
        assert first.task_id == second.task_id
    if isinstance(first, OutcomeUnknown):
        assert first.task_id == second.task_id
    sent = len(kafka.on(FILINGS))
    assert 1 <= sent <= 2
    third = await gateway_on(kafka, FakeClaims(kafka, lags=lags), timeout=1).submit("one", new_task_id(), offered())
    assert third == Receipt(second.task_id, replayed=True)
    assert len(kafka.on(FILINGS)) == sent


async def test_a_filing_that_is_sent_again_is_the_same_event_and_the_same_status() -> None:
    kafka = BreakingKafka(3, Killed(), stored=True)
    await answer(gateway_on(kafka))
    await gateway_on(kafka, timeout=1).submit("one", new_task_id(), offered())
    for topic in (TASKS, FILINGS):
        first, again = kafka.on(topic)
        assert first == again


async def test_a_filing_that_is_on_its_lane_is_accepted_though_that_could_not_be_told(
    kafka: FakePublisher, caplog: pytest.LogCaptureFixture
) -> None:
    kafka.faults[IDEMPOTENCY] = [None, PERHAPS]
    with caplog.at_level(logging.WARNING):
        receipt = await gateway_on(kafka).submit("one", new_task_id(), offered())
    assert tasks_on(kafka) == {receipt.task_id}
    assert receipt.task_id in caplog.text


async def test_a_filing_that_is_too_large_leaves_no_task_and_its_key_may_be_used_for_a_smaller_one(
    kafka: FakePublisher,
) -> None:
    kafka.faults[FILINGS] = [EventTooLarge(FILINGS)]
    with pytest.raises(EventTooLarge):
        await gateway_on(kafka).submit("one", new_task_id(), offered())
    await until(lambda: len(kafka.on(TASKS)) == 2)
    pending, tombstone = kafka.on(TASKS)
    assert tombstone.tombstone
    assert tombstone.key == pending.key
    smaller = await gateway_on(kafka, FakeClaims(kafka, lags=True)).submit(
        "one", new_task_id(), offered(a_filing(html_content="x"))
    )
    assert smaller.task_id != pending.key
    assert not kafka.on(TASKS)[-1].tombstone


async def test_a_gateway_that_has_not_heard_of_a_release_yet_asks_before_it_refuses(kafka: FakePublisher) -> None:
    kafka.faults[FILINGS] = [EventTooLarge(FILINGS)]
    kafka.held[FILINGS] = asyncio.Event()
    elsewhere = FakeClaims(kafka, lags=True)
    claimed = asyncio.create_task(gateway_on(kafka).submit("one", new_task_id(), offered()))
    await until(lambda: FILINGS in kafka.asked)
    await elsewhere.catch_up()
    kafka.held[FILINGS].set()
    with pytest.raises(EventTooLarge):
        await claimed
    await gateway_on(kafka, elsewhere).submit("one", new_task_id(), offered(a_filing(html_content="x")))


async def test_a_task_is_not_withdrawn_while_its_key_still_stands_for_it(kafka: FakePublisher) -> None:
    kafka.faults[FILINGS] = [EventTooLarge(FILINGS)]
    kafka.faults[IDEMPOTENCY] = [None, PERHAPS]
    with pytest.raises(EventTooLarge):
        await gateway_on(kafka).submit("one", new_task_id(), offered())
    await asyncio.sleep(0)
    assert not kafka.on(TASKS)[-1].tombstone
