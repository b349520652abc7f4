"""A batch is told of each member's end, whoever tells it and whatever dies around it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from schemas.batches import MemberOutcome, RiskDigest
from schemas.cancellations import Cancellation
from schemas.envelope import REDRIVEN_FROM_HEADER
from schemas.events import task_cancellation
from schemas.identifiers import derived_task_id
from schemas.risks import Category, IndexSummary
from schemas.tasks import WAITING, TaskError, TaskOrigin, TaskState
from schemas.topics import BATCH_MEMBERS, LANE_RETENTION, RISKS, TASKS
from streams.batches.digests import digest_of
from streams.incoming import KafkaRecord, decode_cancellation, decode_filing
from streams.outcomes import Outcomes
from tests.unit.examples import NOON, TASK_ID, a_filing, a_risk, a_status, an_assessment
from tests.unit.fake_publisher import FakePublisher
from tests.unit.streams.test_janitor import clean, status_seen
from tests.unit.streams.worker import OWNER, Crash, Kafka, Worker, an_event

BATCH = derived_task_id(NOON, "batch")
MEMBER = an_event(a_filing(batch_id=BATCH, retrieve_top_k=1))
ERROR = TaskError(type="broken", message="It is.")
RESULT = an_assessment(a_risk(0), a_risk(1, category=Category.REGULATORY))


@pytest.fixture
def kafka() -> FakePublisher:
    return FakePublisher()


def _told(kafka: FakePublisher) -> list[MemberOutcome]:
    told = kafka.on(BATCH_MEMBERS)
    assert {message.key for message in told} <= {BATCH}
    events = [message.event for message in told if message.event is not None]
    assert {event.extensions["sigmak-owner"] for event in events} <= {OWNER}
    return [MemberOutcome.model_validate_json(event.data) for event in events]


async def test_a_success_is_told_behind_its_status_with_the_digest_of_the_whole_assessment(
    kafka: FakePublisher,
) -> None:
    await Outcomes(kafka, lambda: NOON).success(decode_filing(MEMBER), RESULT, NOON)
    assert kafka.topics() == [RISKS, TASKS, BATCH_MEMBERS]
    [outcome] = _told(kafka)
    assert (outcome.member.task_id, outcome.member.ticker, outcome.member.filing_year) == (TASK_ID, "ACME", 2024)
    assert (outcome.state, outcome.error, outcome.digest) == (TaskState.SUCCESS, None, digest_of(RESULT, TASK_ID))
    assert outcome.ended_at == NOON
    assert len(outcome.digest.most_severe) == 2, "more than the one that the task shows"


async def test_a_failure_is_told_with_its_reason_and_an_index_with_nothing(kafka: FakePublisher) -> None:
    outcomes, event = Outcomes(kafka, lambda: NOON), decode_filing(MEMBER)
    await outcomes.failure(event, ERROR, NOON, WAITING)
    summary = IndexSummary(ticker="ACME", filing_year=2024, form="10-K", status="found", risk_factors=7)
    await outcomes.success(event, summary, NOON)
    failed, indexed = _told(kafka)
    assert (failed.state, failed.error) == (TaskState.FAILURE, ERROR)
    assert (indexed.state, indexed.digest) == (TaskState.SUCCESS, RiskDigest())


async def test_a_member_that_was_cancelled_is_told_as_such(kafka: FakePublisher) -> None:
    origin = TaskOrigin.model_validate_json(a_status(batch_id=BATCH).model_dump_json())
    wish = Cancellation(task_id=TASK_ID, **origin.model_dump())
    event = task_cancellation(wish, source="/test", time=NOON, owner=OWNER)
    record = KafkaRecord("cancellations", 3, 17, NOON, b"ACME", event.data, event.headers())
    await Outcomes(kafka, lambda: NOON).cancelled(decode_cancellation(record), None, WAITING)
    [outcome] = _told(kafka)
    assert (outcome.member.task_id, outcome.state, outcome.error) == (TASK_ID, TaskState.CANCELLED, None)


async def test_what_is_no_end_is_not_told(kafka: FakePublisher) -> None:
    outcomes, event = Outcomes(kafka, lambda: NOON), decode_filing(MEMBER)
    await outcomes.progress(event, 1, NOON)
    await outcomes.retry(MEMBER, event, ERROR, due_at=NOON, started_at=NOON, reached=WAITING)
    assert _told(kafka) == []


async def test_a_task_of_no_batch_and_one_that_was_redriven_out_of_it_tell_none(kafka: FakePublisher) -> None:
    redriven = replace(MEMBER, headers=[*MEMBER.headers, (REDRIVEN_FROM_HEADER, TASK_ID.encode())])
    for record in (an_event(), redriven):
        await Outcomes(kafka, lambda: NOON).failure(decode_filing(record), ERROR, NOON, WAITING)
    assert set(kafka.topics()) == {TASKS}


async def test_a_member_that_nobody_began_is_told_as_expired_before_its_status_is(kafka: FakePublisher) -> None:
    await clean(kafka, status_seen(a_status(batch_id=BATCH), ago=LANE_RETENTION + timedelta(hours=1)))
    assert kafka.topics() == [BATCH_MEMBERS, TASKS], "the janitor comes back only to what has no terminal status"
    [outcome] = _told(kafka)
    assert outcome.error is not None
    assert (outcome.state, outcome.error.type) == (TaskState.FAILURE, "expired")


_WHOLE_LIFE = 12
"""Acknowledgements of a member's life: start, five steps, the mark that it stores, result, status, outcome, end, offset."""


@pytest.mark.parametrize("acknowledged", range(_WHOLE_LIFE))
async def test_a_crash_after_any_acknowledgement_tells_the_same_outcome(acknowledged: int) -> None:
    kafka = Kafka(crash_after=acknowledged)
    with pytest.raises(Crash):
        await Worker(kafka).process(MEMBER)
    kafka.crash_after = None
    await Worker(kafka).process(MEMBER)
    outcomes = _told(kafka.topics)
    assert outcomes == [outcomes[0]] * len(outcomes)
    assert outcomes[0].state is TaskState.SUCCESS
    assert len({each.event.id for each in kafka.topics.on(BATCH_MEMBERS) if each.event}) == 1


async def test_the_end_is_remembered_only_after_the_batch_was_told() -> None:
    kafka = Kafka()
    await Worker(kafka).process(MEMBER)
    assert kafka.journal[-4:] == ["SUCCESS", "outcome", "end", "offset"]
    assert len(kafka.journal) == _WHOLE_LIFE
