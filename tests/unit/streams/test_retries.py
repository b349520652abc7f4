"""What a worker does with a filing while something that it needs is away."""

from datetime import timedelta

import pytest

from schemas.dead_letters import Death, Origin
from schemas.tasks import MAX_ATTEMPTS, TaskState
from schemas.topics import FILINGS_DEAD, FILINGS_PRIORITY, FILINGS_RETRIES, LANE_RETENTION
from streams.faults import TransientFault
from streams.incoming import decode_filing
from tests.unit.examples import NOON, TASK_ID
from tests.unit.fake_publisher import Published
from tests.unit.streams.worker import DELAYS, Crash, Kafka, Worker, an_event, failing, remembered
from transport.publisher import EventTooLarge

AWAY = failing(TransientFault("The store is away."))
HAND_OVER = ["starts: 1", "step 1", "step 2", "next attempt", "RETRY", "attempt 2", "offset"]


@pytest.fixture
def kafka() -> Kafka:
    return Kafka()


def waiting(kafka: Kafka, attempt: int = 2) -> Published:
    [event] = kafka.topics.on(FILINGS_RETRIES[attempt - 2])
    return event


async def test_the_next_attempts_event_comes_before_its_status_and_both_before_the_table(kafka: Kafka) -> None:
    await Worker(kafka, AWAY).process(an_event())
    assert kafka.journal == HAND_OVER
    assert kafka.table[TASK_ID] == remembered(attempt=2)


async def test_the_status_tells_attempt_reason_due_time_and_how_far_it_came(kafka: Kafka) -> None:
    await Worker(kafka, AWAY).process(an_event())
    status = kafka.statuses()[-1]
    assert (status.status, status.attempt, status.due_at) == (TaskState.RETRY, 1, NOON + timedelta(seconds=60))
    assert status.error is not None
    assert (status.error.type, status.error.message) == ("unavailable", "The store is away.")
    assert (status.progress.current, status.ended_at) == (2, None)


@pytest.mark.parametrize("attempt", [1, 2, 3])
async def test_each_attempt_has_its_retry_topic_and_its_delay(kafka: Kafka, attempt: int) -> None:
    await Worker(kafka, AWAY).process(an_event(attempt=attempt))
    event = dict(waiting(kafka, attempt + 1).headers)
    assert event["sigmak-attempt"] == str(attempt + 1).encode()
    assert event["sigmak-due-at"].decode() == (NOON + DELAYS[attempt - 1]).isoformat()


async def test_the_waiting_event_is_the_original_one_in_its_partition_and_knows_its_lane(kafka: Kafka) -> None:
    record = an_event(topic=FILINGS_PRIORITY)
    await Worker(kafka, AWAY).process(record)
    event = waiting(kafka)
    assert (event.key, event.value, event.partition) == (record.key, record.value, record.partition)
    assert dict(event.headers)["sigmak-lane"] == FILINGS_PRIORITY.encode()
    assert Origin.of(event.headers) == record.origin
    assert len({name for name, _ in event.headers}) == len(event.headers)


async def test_after_the_last_attempt_the_filing_is_a_dead_letter_and_a_failure(kafka: Kafka) -> None:
    await Worker(kafka, AWAY).process(an_event(attempt=MAX_ATTEMPTS))
    assert kafka.journal[-4:] == ["dead letter", "FAILURE", "end", "offset"]
    [letter], [end] = kafka.topics.on(FILINGS_DEAD), kafka.ends()
    assert Death.of(letter.headers) == Death("unavailable", "The store is away.", "TransientFault", MAX_ATTEMPTS)
    assert end.error is not None
    assert (end.error.type, end.attempt) == ("unavailable", MAX_ATTEMPTS)


async def test_a_later_attempt_that_succeeds_ends_the_task_once(kafka: Kafka) -> None:
    await Worker(kafka, AWAY).process(an_event())
    await Worker(kafka).process(an_event(attempt=2))
    [end] = kafka.ends()
    assert (end.status, end.attempt) == (TaskState.SUCCESS, 2)


async def test_the_partition_goes_on_with_the_next_filing(kafka: Kafka) -> None:
    worker = Worker(kafka, AWAY)
    await worker.process(an_event())
    await worker.process(an_event(task_id="01890a5d-ac96-774b-bcce-b302099a8058"))
    assert worker.executions == 2


@pytest.mark.parametrize("acknowledged", range(len(HAND_OVER)))
async def test_a_crash_at_any_point_of_the_hand_over_leaves_one_more_attempt_with_an_effect(
    kafka: Kafka, acknowledged: int
) -> None:
    kafka.crash_after = acknowledged
    with pytest.raises(Crash):
        await Worker(kafka, AWAY).process(an_event())
    kafka.crash_after = None
    await Worker(kafka, AWAY).process(an_event())  # delivered again
    assert kafka.table[TASK_ID] == remembered(attempt=2)
    for _event in kafka.topics.on(FILINGS_RETRIES[0]):  # one, or two with the same attempt
        await Worker(kafka).process(an_event(attempt=2))
    assert [end.status for end in kafka.ends()] == [TaskState.SUCCESS]


async def test_an_attempt_that_succeeds_when_it_is_repeated_makes_the_waiting_one_void(kafka: Kafka) -> None:
    kafka.crash_after = HAND_OVER.index("RETRY")
    with pytest.raises(Crash):
        await Worker(kafka, AWAY).process(an_event())
    kafka.crash_after = None
    await Worker(kafka).process(an_event())
    late = Worker(kafka)
    await late.process(an_event(attempt=2))
    assert late.executions == 0
    assert len(kafka.ends()) == 1


async def test_a_filing_that_its_retry_topic_does_not_take_is_kept_and_fails(kafka: Kafka) -> None:
    kafka.topics.faults[FILINGS_RETRIES[0]] = [EventTooLarge(FILINGS_RETRIES[0])]
    await Worker(kafka, AWAY).process(an_event())
    assert [end.status for end in kafka.ends()] == [TaskState.FAILURE]
    assert len(kafka.dead_letters()) == 1


async def test_retries_are_counted(kafka: Kafka) -> None:
    worker = Worker(kafka, AWAY)
    await worker.process(an_event())
    assert worker.counted("retried") == 1


async def test_an_event_past_the_lanes_retention_has_expired_and_is_not_begun(kafka: Kafka) -> None:
    worker = Worker(kafka)
    await worker.process(an_event(appended_at=NOON - LANE_RETENTION - timedelta(seconds=1)))
    [end] = kafka.ends()
    assert end.error is not None
    assert (end.error.type, worker.executions) == ("expired", 0)
    assert kafka.journal[-2:] == ["end", "offset"]


async def test_a_redriven_filings_statuses_tell_the_task_that_it_was_made_from(kafka: Kafka) -> None:
    record = an_event()
    redriven = [*record.headers, ("sigmak-redriven-from", b"01890a5d-ac96-774b-bcce-b302099a8058")]
    object.__setattr__(record, "headers", redriven)
    assert decode_filing(record).redriven_from == "01890a5d-ac96-774b-bcce-b302099a8058"
    await Worker(kafka).process(record)
    assert {status.redriven_from for status in kafka.statuses()} == {"01890a5d-ac96-774b-bcce-b302099a8058"}
