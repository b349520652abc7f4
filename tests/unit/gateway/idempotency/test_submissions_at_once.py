"""Submissions with one Idempotency-Key that come at once, to one gateway or to several, are one task."""

import asyncio
from datetime import timedelta

import pytest

from gateway.idempotency.submissions import KeyReused, Receipt
from gateway.publisher import OutcomeUnknown
from schemas.identifiers import new_task_id
from schemas.topics import FILINGS, IDEMPOTENCY, TASKS
from tests.unit.examples import NOON, a_filing
from tests.unit.fake_publisher import FakePublisher
from tests.unit.gateway.idempotency.breaking_kafka import PERHAPS, BreakingKafka, Killed
from tests.unit.gateway.idempotency.fake_claims import FakeClaims
from tests.unit.gateway.idempotency.keyed_gateway import ALL_OF_ONE, gateway_on, offered, tasks_on, until


async def test_those_that_come_at_once_to_one_gateway_are_one(kafka: FakePublisher) -> None:
    gateway = gateway_on(kafka)
    receipts = await asyncio.gather(*(gateway.submit("one", new_task_id(), offered()) for _ in range(50)))
    assert kafka.topics() == ALL_OF_ONE
    assert {receipt.task_id for receipt in receipts} == tasks_on(kafka)
    assert sum(not receipt.replayed for receipt in receipts) == 1


async def test_those_that_come_at_once_to_two_gateways_are_one_task(kafka: FakePublisher) -> None:
    gateways = [gateway_on(kafka, FakeClaims(kafka, lags=True)) for _ in range(2)]
    receipts = await asyncio.gather(*(gateway.submit("one", new_task_id(), offered()) for gateway in gateways))
    claims = [message for message in kafka.on(IDEMPOTENCY) if message.event and ".claimed" in message.event.id]
    assert len(claims) == 2, "both claimed before they could know of each other"
    assert tasks_on(kafka) == {receipt.task_id for receipt in receipts}
    assert len(tasks_on(kafka)) == 1


async def test_what_is_in_hand_at_another_gateway_is_waited_for_and_not_sent_again(kafka: FakePublisher) -> None:
    kafka.held[FILINGS] = asyncio.Event()
    first = asyncio.create_task(gateway_on(kafka).submit("one", new_task_id(), offered()))
    await until(lambda: FILINGS in kafka.asked)
    second = asyncio.create_task(gateway_on(kafka).submit("one", new_task_id(), offered()))
    await asyncio.wait([second], timeout=0.1)
    assert not second.done()
    kafka.held[FILINGS].set()
    assert (await second) == Receipt((await first).task_id, replayed=True)
    assert kafka.topics() == ALL_OF_ONE


async def test_another_gateway_waits_a_quarter_of_its_time_and_then_sends_the_same_task(kafka: FakePublisher) -> None:
    held = BreakingKafka(2, Killed(), stored=False)
    with pytest.raises(Killed):
        await gateway_on(held).submit("one", new_task_id(), offered())
    loop = asyncio.get_running_loop()
    began = loop.time()
    await gateway_on(held, timeout=0.4).submit("one", new_task_id(), offered())
    assert loop.time() - began >= 0.1


async def test_who_comes_after_the_holders_time_is_up_does_not_wait(kafka: FakePublisher) -> None:
    held = BreakingKafka(2, Killed(), stored=False)
    with pytest.raises(Killed):
        await gateway_on(held).submit("one", new_task_id(), offered())
    hours = 3600.0
    async with asyncio.timeout(5):
        await gateway_on(held, timeout=hours, now=NOON + timedelta(seconds=hours)).submit(
            "one", new_task_id(), offered()
        )


async def test_another_body_that_comes_meanwhile_is_refused_when_the_first_is_through(kafka: FakePublisher) -> None:
    kafka.held[TASKS] = asyncio.Event()
    gateway = gateway_on(kafka)
    first = asyncio.create_task(gateway.submit("one", new_task_id(), offered()))
    await until(lambda: TASKS in kafka.asked)
    other = asyncio.create_task(gateway.submit("one", new_task_id(), offered(a_filing(filing_year=2023))))
    await asyncio.wait([other], timeout=0.1)
    assert not other.done()
    kafka.held[TASKS].set()
    with pytest.raises(KeyReused):
        await other
    assert tasks_on(kafka) == {(await first).task_id}


async def test_who_shares_a_submission_shares_its_failure(kafka: FakePublisher) -> None:
    kafka.faults[FILINGS] = [PERHAPS]
    gateway = gateway_on(kafka)
    answers = await asyncio.gather(
        *(gateway.submit("one", new_task_id(), offered()) for _ in range(3)), return_exceptions=True
    )
    assert {type(answer) for answer in answers} == {OutcomeUnknown}
    assert kafka.asked == [IDEMPOTENCY, TASKS, FILINGS]


async def test_a_caller_who_gives_up_does_not_take_the_submission_from_the_others(kafka: FakePublisher) -> None:
    kafka.held[FILINGS] = asyncio.Event()
    gateway = gateway_on(kafka)
    first = asyncio.create_task(gateway.submit("one", new_task_id(), offered()))
    await until(lambda: FILINGS in kafka.asked)
    second = asyncio.create_task(gateway.submit("one", new_task_id(), offered()))
    first.cancel()
    await asyncio.wait([first])
    kafka.held[FILINGS].set()
    assert {(await second).task_id} == tasks_on(kafka)
    assert kafka.topics() == ALL_OF_ONE
