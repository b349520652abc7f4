"""Only a gateway says whose a task is: an upstream that writes another owner's records changes nothing of its tasks."""

from dataclasses import replace

import pytest

from ops.dead_letters.letters import fold
from ops.dead_letters.redrive import NotRedrivable, Redrive
from schemas.envelope import CloudEvent
from schemas.tasks import TaskState
from schemas.topics import CANCELLATIONS, FILINGS, FILINGS_DEAD, FILINGS_PRIORITY
from streams.incoming import FilingRecord, KafkaRecord
from tests.unit.examples import NOON, TASK_ID, a_filing
from tests.unit.fake_publisher import FakePublisher
from tests.unit.streams.worker import OWNER, Kafka, Worker, a_cancellation, an_event, failing
from transport.owner_signatures import OwnerSignatures, SigningPublisher

SIGNATURES = OwnerSignatures(b"a secret of the processes, of 32 characters")


@pytest.fixture
def kafka() -> Kafka:
    return Kafka()


@pytest.fixture
def worker(kafka: Kafka) -> Worker:
    return Worker(kafka, signatures=SIGNATURES)


async def signed(record: FilingRecord) -> FilingRecord:
    """The record as a gateway publishes it."""
    topics = FakePublisher()
    event = CloudEvent.from_message(record.headers, record.value)
    await SigningPublisher(topics, SIGNATURES).publish(record.topic, "ACME", event)
    [published] = topics.on(record.topic)
    assert published.event is not None
    return replace(record, headers=published.event.headers())


async def signed_cancellation(record: KafkaRecord) -> KafkaRecord:
    event = await SIGNATURES.signed(CloudEvent.from_message(record.headers, record.value))
    return replace(record, headers=event.headers())


async def test_a_filing_that_a_gateway_signed_is_worked_on(kafka: Kafka, worker: Worker) -> None:
    await worker.process(await signed(an_event()))
    assert kafka.end_states() == [TaskState.SUCCESS]


@pytest.mark.parametrize("owner", [OWNER, "somebody"])
@pytest.mark.parametrize("topic", [FILINGS, FILINGS_PRIORITY])
async def test_a_forged_owner_under_a_waiting_tasks_id_is_set_aside_and_the_real_one_ends(
    kafka: Kafka, worker: Worker, owner: str, topic: str
) -> None:
    await worker.process(an_event(a_filing(html_content="forged"), owner=owner, topic=topic))
    assert kafka.journal == ["dead letter", "offset"]
    assert dict(kafka.dead_letters()[0].headers)["sigmak-dead-type"] == b"unsigned_owner"
    assert not kafka.table
    await worker.process(await signed(an_event()))
    assert kafka.end_states() == [TaskState.SUCCESS]


async def test_an_upstreams_event_under_a_keys_id_does_not_keep_it_from_its_end(kafka: Kafka, worker: Worker) -> None:
    await worker.process(an_event(owner=None))
    await worker.process(await signed(an_event()))
    assert kafka.end_states() == [TaskState.SUCCESS] * 2
    assert kafka.table[TASK_ID].owner == OWNER


async def test_a_signature_is_of_one_owner_task_and_document(kafka: Kafka, worker: Worker) -> None:
    real = await signed(an_event())
    others = [
        replace(real, headers=[(n, b"key-2" if n == "sigmak-owner" else v) for n, v in real.headers]),
        replace(
            real, headers=[(n, b"01890a5d-ac96-774b-bcce-b302099a8055" if n == "ce_id" else v) for n, v in real.headers]
        ),
        replace(real, value=an_event(a_filing(html_content="another")).value),
    ]
    for other in others:
        await worker.process(other)
    assert [dict(letter.headers)["sigmak-dead-type"] for letter in kafka.dead_letters()] == [b"unsigned_owner"] * 3
    assert worker.executions == 0


async def test_an_upstreams_filing_without_an_owner_needs_no_signature(kafka: Kafka, worker: Worker) -> None:
    await worker.process(an_event(owner=None))
    assert kafka.end_states() == [TaskState.SUCCESS]


async def test_a_forged_cancellation_is_skipped_and_a_signed_one_is_not(kafka: Kafka, worker: Worker) -> None:
    await worker.cancel(a_cancellation())
    assert (kafka.end_states(), worker.value("cancellations", outcome="unsigned")) == ([], 1)
    await worker.cancel(await signed_cancellation(a_cancellation()))
    assert kafka.end_states() == [TaskState.CANCELLED]


async def test_a_filing_that_is_redriven_again_and_again_keeps_its_gateways_signature(kafka: Kafka) -> None:
    record = await signed(an_event())
    for offset in range(3):
        await Worker(kafka, failing(RuntimeError("ours")), signatures=SIGNATURES).process(record)
        letter = kafka.dead_letters()[-1]
        dead = FilingRecord(FILINGS_DEAD, 2, offset, NOON, letter.key, letter.value, letter.headers)
        topics = FakePublisher()
        [folded] = fold([dead])
        await Redrive(topics, lambda _p, _o, dead=dead: dead, lambda: NOON, 12).redrive(folded)
        [again] = topics.on(FILINGS)
        record = FilingRecord(FILINGS, 3, 18 + offset, NOON, again.key, again.value, again.headers)
    types = [dict(letter.headers)["sigmak-dead-type"] for letter in kafka.dead_letters()]
    assert types == [b"internal_error"] * 3


async def test_a_letter_whose_owner_nobody_signed_is_not_redriven(kafka: Kafka, worker: Worker) -> None:
    await worker.process(an_event())
    [letter] = kafka.dead_letters()
    [folded] = fold([FilingRecord(FILINGS_DEAD, 2, 5, NOON, letter.key, letter.value, letter.headers)])
    with pytest.raises(NotRedrivable, match="signed"):
        await Redrive(FakePublisher(), lambda *_: an_event(), lambda: NOON, 12).redrive(folded)


async def test_without_a_secret_nothing_is_signed_and_every_owner_believed(kafka: Kafka) -> None:
    event = CloudEvent.from_message(an_event().headers, an_event().value)
    assert await OwnerSignatures().signed(event) == event
    await Worker(kafka).process(an_event())
    assert kafka.end_states() == [TaskState.SUCCESS]


async def test_what_is_no_cancellation_topic_or_lane_is_not_signed() -> None:
    topics = FakePublisher()
    event = CloudEvent.from_message(an_event().headers, an_event().value)
    await SigningPublisher(topics, SIGNATURES).publish("elsewhere", "k", event)
    await SigningPublisher(topics, SIGNATURES).publish(CANCELLATIONS, "k", event)
    assert [("sigmak-owner-signature" in each.event.extensions) for each in topics.published if each.event] == [
        False,
        True,
    ]
