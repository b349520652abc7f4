"""Submissions with an Idempotency-Key, one after another: one task a key."""

import asyncio
from datetime import timedelta

import pytest

from gateway.idempotency.submissions import KeyReused, Receipt
from schemas.identifiers import new_task_id
from schemas.topics import CLAIM_LIFE, FILINGS, IDEMPOTENCY, TASKS
from tests.unit.examples import NOON, a_filing
from tests.unit.fake_publisher import FakePublisher
from tests.unit.gateway.idempotency.breaking_kafka import SURELY_NOT, BreakingKafka, Killed
from tests.unit.gateway.idempotency.fake_claims import FakeClaims
from tests.unit.gateway.idempotency.keyed_gateway import ALL_OF_ONE, answer, gateway_on, offered, tasks_on, until
from transport.publisher import KafkaAway


async def test_the_claim_goes_first_and_that_it_is_accepted_last(kafka: FakePublisher) -> None:
    receipt = await gateway_on(kafka).submit("one", new_task_id(), offered())
    assert kafka.topics() == ALL_OF_ONE
    assert not receipt.replayed
    assert tasks_on(kafka) == {receipt.task_id}


async def test_the_topic_of_claims_holds_neither_key_nor_document(kafka: FakePublisher) -> None:
    await gateway_on(kafka).submit("the-very-key", new_task_id(), offered(a_filing(html_content="the very document")))
    told = repr(kafka.on(IDEMPOTENCY))
    assert "the-very-key" not in told
    assert "the very document" not in told
    assert "key-1" not in told


async def test_the_same_key_and_body_are_answered_with_the_same_task_and_put_nothing_on_kafka(
    kafka: FakePublisher,
) -> None:
    gateway = gateway_on(kafka)
    first = await gateway.submit("one", new_task_id(), offered())
    assert await gateway.submit("one", new_task_id(), offered()) == Receipt(first.task_id, replayed=True)
    assert kafka.topics() == ALL_OF_ONE


async def test_another_body_is_refused_and_leaves_nothing(kafka: FakePublisher) -> None:
    gateway = gateway_on(kafka)
    await gateway.submit("one", new_task_id(), offered())
    with pytest.raises(KeyReused):
        await gateway.submit("one", new_task_id(), offered(a_filing(filing_year=2023)))
    assert kafka.topics() == ALL_OF_ONE


async def test_a_key_is_accepted_once_its_filing_is_and_for_its_caller_only(kafka: FakePublisher) -> None:
    kafka.held[FILINGS] = asyncio.Event()
    gateway = gateway_on(kafka)
    submission = asyncio.create_task(gateway.submit("one", new_task_id(), offered()))
    await until(lambda: FILINGS in kafka.asked)
    assert not gateway.is_accepted("key-1", "one")
    kafka.held[FILINGS].set()
    await submission
    assert gateway.is_accepted("key-1", "one")
    assert not gateway.is_accepted("key-2", "one")
    assert not gateway_on(kafka, now=NOON + 2 * CLAIM_LIFE).is_accepted("key-1", "one")


async def test_a_replay_tells_the_task_of_the_same_body_refuses_another_and_puts_nothing_on_kafka(
    kafka: FakePublisher,
) -> None:
    gateway = gateway_on(kafka)
    first = await gateway.submit("one", new_task_id(), offered())
    assert await gateway.replay("one", offered()) == Receipt(first.task_id, replayed=True)
    with pytest.raises(KeyReused):
        await gateway.replay("one", offered(a_filing(filing_year=2023)))
    assert kafka.topics() == ALL_OF_ONE


async def test_what_was_to_be_a_replay_and_is_none_any_more_is_not_submitted_without_its_place(
    kafka: FakePublisher,
) -> None:
    await gateway_on(kafka).submit("one", new_task_id(), offered())
    with pytest.raises(KafkaAway):
        await gateway_on(kafka, now=NOON + 2 * CLAIM_LIFE).replay("one", offered())
    broken = BreakingKafka(3, Killed(), stored=True)
    await answer(gateway_on(broken))
    with pytest.raises(KafkaAway):
        await gateway_on(broken).replay("one", offered())
    assert (kafka.topics(), len(broken.on(FILINGS))) == (ALL_OF_ONE, 1)


async def test_another_key_and_another_callers_same_key_are_other_tasks(kafka: FakePublisher) -> None:
    gateway = gateway_on(kafka)
    receipts = [
        await gateway.submit("one", new_task_id(), offered()),
        await gateway.submit("two", new_task_id(), offered()),
        await gateway.submit("one", new_task_id(), offered(owner="key-2")),
    ]
    assert len({receipt.task_id for receipt in receipts}) == 3


async def test_after_a_day_a_key_is_as_new(kafka: FakePublisher) -> None:
    first = await gateway_on(kafka).submit("one", new_task_id(), offered())
    later = NOON + CLAIM_LIFE
    replayed = await gateway_on(kafka, now=later).submit("one", new_task_id(), offered())
    assert replayed == Receipt(first.task_id, replayed=True)
    later += timedelta(minutes=2)
    claims = FakeClaims(kafka)
    await claims.catch_up()
    claims.appended_at = later
    anew = await gateway_on(kafka, claims, now=later).submit("one", new_task_id(), offered(a_filing(filing_year=2023)))
    assert anew.task_id != first.task_id


async def test_where_the_gateways_clock_is_ahead_the_claim_that_the_broker_sees_alive_holds(
    kafka: FakePublisher,
) -> None:
    first = await gateway_on(kafka).submit("one", new_task_id(), offered())
    ahead = gateway_on(kafka, now=NOON + 2 * CLAIM_LIFE)
    assert (await ahead.submit("one", new_task_id(), offered())).task_id == first.task_id


async def test_without_kafka_nothing_is_claimed_and_a_submission_fails_at_once(kafka: FakePublisher) -> None:
    kafka.faults[IDEMPOTENCY] = [SURELY_NOT]
    with pytest.raises(KafkaAway):
        await gateway_on(kafka).submit("one", new_task_id(), offered())
    assert kafka.asked == [IDEMPOTENCY]


async def test_while_nobody_can_tell_who_holds_the_key_nothing_is_accepted(kafka: FakePublisher) -> None:
    with pytest.raises(KafkaAway):
        await gateway_on(kafka, FakeClaims(kafka, behind=True)).submit("one", new_task_id(), offered())
    assert kafka.topics() == [IDEMPOTENCY]


@pytest.mark.parametrize("topic", [IDEMPOTENCY, TASKS])
async def test_all_acknowledgements_share_one_deadline(kafka: FakePublisher, topic: str) -> None:
    kafka.held[topic] = asyncio.Event()
    with pytest.raises(KafkaAway):
        await gateway_on(kafka, timeout=0.05).submit("one", new_task_id(), offered())
