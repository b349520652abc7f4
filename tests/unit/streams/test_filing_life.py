"""The life of a filing event in a worker: what is acknowledged in which order, so that a crash is harmless."""

import asyncio

import pytest

from schemas.filings import FilingSubmitted
from schemas.tasks import STEPS, TaskError, TaskState
from schemas.topics import FILINGS, FILINGS_PRIORITY, RISKS, TASKS, WEBHOOKS
from streams.analysis_port import Report, Result
from streams.attempt_record import AttemptRecord
from streams.faults import AnalysisDied, PermanentFault, WorkerBroken
from streams.filing_life import MAX_STARTS
from streams.incoming import FilingRecord
from streams.processor import Abandoned
from tests.unit.examples import NOON, TASK_ID, a_filing
from tests.unit.streams.held_analysis import Held, in_work
from tests.unit.streams.worker import RESULT, Crash, Kafka, Worker, an_event, failing, five_steps, remembered
from transport.publisher import KafkaAway

WHOLE_LIFE = [
    "starts: 1", "step 1", "step 2", "step 3", "step 4", "storing", "step 5", "result", "SUCCESS", "end", "offset",
]  # fmt: skip


@pytest.fixture
def kafka() -> Kafka:
    return Kafka()


# The order of acknowledgements


async def test_the_start_is_acknowledged_before_the_work_and_result_status_and_end_before_the_offset(
    kafka: Kafka,
) -> None:
    await Worker(kafka).process(an_event())
    assert kafka.journal == WHOLE_LIFE


async def test_work_does_not_begin_before_its_start_is_acknowledged(kafka: Kafka) -> None:
    kafka.crash_after = 0
    worker = Worker(kafka)
    with pytest.raises(Crash):
        await worker.process(an_event())
    assert worker.executions == 0


async def test_a_permanent_fault_is_a_status_then_an_end_and_no_dead_letter(kafka: Kafka) -> None:
    worker = Worker(kafka, failing(PermanentFault("not_a_filing", "It is not a filing.")))
    await worker.process(an_event())
    assert kafka.journal == ["starts: 1", "step 1", "step 2", "FAILURE", "end", "offset"]


async def test_a_filing_that_met_a_fault_of_ours_is_kept_before_its_failure_is_told(kafka: Kafka) -> None:
    await Worker(kafka, failing(RuntimeError("a fault of ours"))).process(an_event())
    assert kafka.journal == ["starts: 1", "step 1", "step 2", "dead letter", "FAILURE", "end", "offset"]


async def test_a_filing_whose_analysis_died_is_kept_before_its_failure_is_told(kafka: Kafka) -> None:
    worker = Worker(kafka, failing(AnalysisDied("analysis_timeout", "It took too long.")))
    await worker.process(an_event())
    assert kafka.journal == ["starts: 1", "step 1", "step 2", "dead letter", "FAILURE", "end", "offset"]
    [end] = kafka.ends()
    assert end.error == TaskError(type="analysis_timeout", message="It took too long.")
    [letter] = kafka.dead_letters()
    assert dict(letter.headers)["sigmak-dead-type"] == b"analysis_timeout"
    assert worker.counted("dead_lettered", reason="analysis_timeout") == 1


async def test_a_worker_that_can_analyse_nothing_more_ends_no_filing(kafka: Kafka) -> None:
    with pytest.raises(WorkerBroken):
        await Worker(kafka, failing(WorkerBroken("no analysis process can be had"))).process(an_event())
    assert "offset" not in kafka.journal
    assert not kafka.ends()
    assert not kafka.dead_letters()


@pytest.mark.parametrize("topic", [RISKS, TASKS])
async def test_an_end_that_kafka_does_not_take_leaves_the_event_uncommitted(kafka: Kafka, topic: str) -> None:
    kafka.topics.faults[topic] = [*([None] * 5 if topic == TASKS else []), KafkaAway("away", outcome_known=False)]
    with pytest.raises(KafkaAway):
        await Worker(kafka).process(an_event())
    assert "offset" not in kafka.journal
    assert not kafka.table[TASK_ID].ended


# Crashes


@pytest.mark.parametrize("acknowledged", range(len(WHOLE_LIFE)))
async def test_a_crash_after_any_acknowledgement_repeats_work_and_never_an_effect(
    kafka: Kafka, acknowledged: int
) -> None:
    kafka.crash_after = acknowledged
    with pytest.raises(Crash):
        await Worker(kafka).process(an_event())
    assert "offset" not in kafka.journal
    kafka.crash_after = None
    other = Worker(kafka)
    await other.process(an_event())  # delivered again, since its offset was not committed
    assert kafka.journal[-2 if other.executions else -1 :] == (["end", "offset"] if other.executions else ["offset"])
    assert {each.event.id for each in kafka.topics.on(RISKS) if each.event} == {TASK_ID}
    assert len({each.event.data for each in kafka.topics.on(RISKS) if each.event}) == 1
    assert {status.status for status in kafka.ends()} == {TaskState.SUCCESS}
    assert len({each.event.id for each in kafka.topics.on(TASKS) if each.event}) == len(STEPS) + 1
    assert other.executions == (0 if "end" in WHOLE_LIFE[:acknowledged] else 1)


@pytest.mark.parametrize("acknowledged", range(7))
async def test_a_crash_around_a_dead_letter_ends_in_the_same_failure(kafka: Kafka, acknowledged: int) -> None:
    kafka.crash_after = acknowledged
    with pytest.raises(Crash):
        await Worker(kafka, failing(RuntimeError("ours"))).process(an_event())
    kafka.crash_after = None
    await Worker(kafka, failing(RuntimeError("ours"))).process(an_event())
    assert {(end.status, end.error.type) for end in kafka.ends() if end.error} == {
        (TaskState.FAILURE, "internal_error")
    }
    assert len({letter.value for letter in kafka.dead_letters()}) == 1
    assert kafka.table[TASK_ID].ended


TOLD = an_event(a_filing(callback_url="https://example.com/hook"))
TOLD_LIFE = [*WHOLE_LIFE[:-2], "webhook", *WHOLE_LIFE[-2:]]


async def test_who_asked_to_be_told_is_told_behind_the_status_and_before_the_end_is_remembered(kafka: Kafka) -> None:
    await Worker(kafka).process(TOLD)
    assert kafka.journal == TOLD_LIFE


@pytest.mark.parametrize("acknowledged", range(len(TOLD_LIFE)))
async def test_a_crash_after_any_acknowledgement_leaves_one_webhook_id(kafka: Kafka, acknowledged: int) -> None:
    kafka.crash_after = acknowledged
    with pytest.raises(Crash):
        await Worker(kafka).process(TOLD)
    kafka.crash_after = None
    await Worker(kafka).process(TOLD)
    assert {each.event.id for each in kafka.topics.on(WEBHOOKS) if each.event} == {f"{TASK_ID}-ended.0.0.waiting"}


# Events that are skipped


async def test_an_event_of_a_task_that_has_ended_is_skipped_and_counted(kafka: Kafka) -> None:
    worker = Worker(kafka)
    await worker.process(an_event())
    await worker.process(an_event())
    assert kafka.journal == [*WHOLE_LIFE, "offset"]
    assert (worker.executions, worker.counted("skipped")) == (1, 1)


async def test_an_event_of_an_earlier_attempt_is_skipped(kafka: Kafka) -> None:
    kafka.table[TASK_ID] = remembered(attempt=2, starts=1)
    await Worker(kafka).process(an_event(attempt=1))
    assert kafka.journal == ["offset"]


@pytest.mark.parametrize("known", [remembered(ended=True), remembered(attempt=2)], ids=["ended", "later attempt"])
async def test_an_event_is_skipped_and_committed_once_what_it_is_skipped_by_is_on_the_broker(
    kafka: Kafka, known: AttemptRecord
) -> None:
    worker = Worker(kafka)
    acknowledged = worker.attempts.leave_under_way(TASK_ID, known)
    processing = asyncio.create_task(worker.process(an_event()))
    assert not (await asyncio.wait([processing], timeout=0.05))[0]
    assert kafka.journal == []
    acknowledged.set()
    await processing
    assert (worker.executions, kafka.journal) == (0, ["offset"])


async def test_an_event_of_the_attempt_in_hand_is_started_again(kafka: Kafka) -> None:
    kafka.table[TASK_ID] = remembered(attempt=2, starts=1)
    await Worker(kafka).process(an_event(attempt=2))
    assert kafka.journal[0] == "starts: 2"


async def test_a_later_attempt_counts_its_starts_anew(kafka: Kafka) -> None:
    kafka.table[TASK_ID] = remembered(attempt=1, starts=MAX_STARTS)
    await Worker(kafka).process(an_event(attempt=2))
    assert kafka.journal == WHOLE_LIFE
    assert kafka.table[TASK_ID] == remembered(attempt=2, ended=True)
    assert {status.attempt for status in kafka.statuses()} == {2}


async def test_a_skipped_event_does_not_wait_for_the_processor(kafka: Kafka) -> None:
    kafka.table[TASK_ID] = remembered(ended=True)
    worker = Worker(kafka)
    worker.gate.close()
    await asyncio.wait_for(worker.process(an_event()), 5)


async def test_an_event_that_came_on_both_lanes_is_worked_on_once(kafka: Kafka) -> None:
    worker = Worker(kafka)
    await asyncio.gather(worker.process(an_event(topic=FILINGS)), worker.process(an_event(topic=FILINGS_PRIORITY)))
    assert (worker.executions, worker.counted("skipped")) == (1, 1)
    assert len(kafka.topics.on(RISKS)) == 1


# Filings that kill their worker


async def test_a_filing_that_was_started_three_times_without_an_end_gets_no_fourth(kafka: Kafka) -> None:
    for start in range(1, MAX_STARTS + 1):
        kafka.crash_after = len(kafka.journal) + 1
        with pytest.raises(Crash):
            await Worker(kafka).process(an_event())
        assert kafka.journal[-1] == f"starts: {start}"
    kafka.crash_after = None
    survivor = Worker(kafka)
    await survivor.process(an_event())
    assert survivor.executions == 0
    assert kafka.journal[MAX_STARTS:] == ["dead letter", "FAILURE", "end", "offset"]
    [end] = kafka.ends()
    assert end.error is not None
    assert end.error.type == "poison_pill"
    assert survivor.counted("dead_lettered", reason="poison_pill") == 1


async def test_a_filing_that_ends_at_its_third_start_is_a_success_like_any_other(kafka: Kafka) -> None:
    kafka.table[TASK_ID] = remembered(starts=MAX_STARTS - 1)
    await Worker(kafka).process(an_event())
    assert [end.status for end in kafka.ends()] == [TaskState.SUCCESS]


# Filings that are handed back


async def caught_up() -> None:
    """No cancellation waits."""


async def test_a_start_that_was_handed_back_is_not_counted_and_its_event_is_not_committed(kafka: Kafka) -> None:
    analysis = Held()
    worker = Worker(kafka, analysis)
    processing = await in_work(worker, analysis)
    await worker.drain(seconds=0).begin()
    with pytest.raises(Abandoned):
        await processing
    assert kafka.journal == ["starts: 1", "step 1", "starts: 0"]
    analysis.let_go.set()


async def test_starts_before_the_one_that_was_handed_back_still_count(kafka: Kafka) -> None:
    kafka.table[TASK_ID] = remembered(starts=2)
    analysis = Held()
    worker = Worker(kafka, analysis)
    processing = await in_work(worker, analysis)
    worker.processor.abandon()
    with pytest.raises(Abandoned):
        await processing
    assert kafka.table[TASK_ID] == remembered(starts=2)
    analysis.let_go.set()


async def test_a_drain_waits_for_the_filing_in_work_and_lets_no_other_start(kafka: Kafka) -> None:
    analysis = Held()
    worker = Worker(kafka, analysis)
    processing = asyncio.create_task(worker.process(an_event()))
    waiting = asyncio.create_task(worker.process(an_event(task_id="01890a5d-ac96-774b-bcce-b302099a8058")))
    assert await asyncio.to_thread(analysis.reached.wait, 10)
    drain = worker.drain(seconds=10)
    draining = asyncio.create_task(drain.begin())
    await asyncio.sleep(0)
    analysis.let_go.set()
    await draining
    await processing
    assert kafka.journal == WHOLE_LIFE
    assert not waiting.done()
    drain.end(caught_up)
    await waiting
    assert kafka.journal == WHOLE_LIFE * 2


async def test_what_is_undecodable_is_set_aside_and_counted_and_the_worker_goes_on(kafka: Kafka) -> None:
    worker = Worker(kafka)
    await worker.process(FilingRecord(FILINGS, 3, 18, NOON, None, b"\xff garbage", []))
    assert kafka.journal == ["dead letter", "offset"]
    assert kafka.dead_letters()[0].value == b"\xff garbage"
    assert worker.counted("dead_lettered", reason="undecodable") == 1
    await worker.process(an_event())
    assert kafka.ends()[0].result == RESULT


async def test_a_priority_filing_overtakes_those_that_wait(kafka: Kafka) -> None:
    order: list[str] = []

    def noting(filing: FilingSubmitted, report: Report) -> Result:
        order.append(filing.ticker)
        return five_steps(filing, report)

    worker = Worker(kafka, noting)
    worker.gate.close()
    ids = [f"01890a5d-ac96-774b-bcce-b302099a805{n}" for n in range(3)]
    events = [
        an_event(a_filing(ticker="FIRST"), task_id=ids[0]),
        an_event(a_filing(ticker="SECOND"), task_id=ids[1]),
        an_event(a_filing(ticker="URGENT"), task_id=ids[2], topic=FILINGS_PRIORITY),
    ]
    processing = [asyncio.create_task(worker.process(event)) for event in events]
    await asyncio.sleep(0)
    worker.gate.open()
    await asyncio.gather(*processing)
    assert order == ["URGENT", "FIRST", "SECOND"]
