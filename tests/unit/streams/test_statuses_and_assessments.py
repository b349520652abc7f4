"""What is said of a filing while a worker has it, and when it ends."""

import logging

import pytest

from schemas.risks import IndexSummary
from schemas.tasks import STEPS, TaskState
from schemas.topics import RISKS
from streams.faults import PermanentFault
from tests.unit.examples import NOON, a_filing, a_risk, an_assessment
from tests.unit.streams.worker import Kafka, Worker, an_event, failing
from transport.publisher import EventTooLarge


@pytest.fixture
def kafka() -> Kafka:
    return Kafka()


async def test_each_step_is_told_as_it_begins_and_success_as_finished(kafka: Kafka) -> None:
    await Worker(kafka).process(an_event())
    said = kafka.statuses()
    assert [(each.status, each.progress.current, each.progress.status) for each in said] == [
        *((TaskState.PROGRESS, number, name) for number, name in enumerate(STEPS, 1)),
        (TaskState.SUCCESS, 5, "finished"),
    ]
    assert {each.started_at for each in said} == {each.submitted_at for each in said} == {NOON}
    assert said[-1].ended_at == NOON


async def test_statuses_and_assessment_belong_to_the_filings_owner(kafka: Kafka) -> None:
    await Worker(kafka).process(an_event())
    assert {each.event.extensions["sigmak-owner"] for each in kafka.topics.published if each.event} == {"key-1"}


async def test_the_risk_topic_gets_all_risks_under_the_ticker_and_the_task_as_many_as_it_asked_for(
    kafka: Kafka,
) -> None:
    result = an_assessment(*(a_risk(n) for n in range(5)))
    await Worker(kafka, lambda _filing, _report: result).process(an_event(a_filing(retrieve_top_k=2)))
    [assessment] = kafka.topics.on(RISKS)
    assert assessment.key == "ACME"
    assert assessment.event is not None
    assert assessment.event.data == result.model_dump_json().encode()
    assert kafka.ends()[0].result == result.showing(2)


async def test_an_index_only_filing_says_how_much_was_stored_and_publishes_no_assessment(kafka: Kafka) -> None:
    summary = IndexSummary(ticker="ACME", filing_year=2024, form="10-K", status="found", risk_factors=7)
    await Worker(kafka, lambda _filing, _report: summary).process(an_event(a_filing(action="index")))
    assert kafka.ends()[0].result == summary
    assert kafka.topics.on(RISKS) == []


async def test_a_failure_says_why_and_how_far_it_came(kafka: Kafka) -> None:
    worker = Worker(kafka, failing(PermanentFault("not_a_filing", "It is not a filing.")))
    await worker.process(an_event())
    [end] = kafka.ends()
    assert end.error is not None
    assert (end.error.type, end.error.message) == ("not_a_filing", "It is not a filing.")
    assert (end.progress.current, end.progress.status) == (2, "segmenting")
    assert end.result is None
    assert worker.counted("finished", state="FAILURE") == 1


async def test_a_fault_of_ours_shows_its_kind_to_operators_and_its_text_to_nobody(
    kafka: Kafka, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await Worker(kafka, failing(RuntimeError("words of the document"))).process(an_event())
    assert "RuntimeError" in caplog.text
    assert "in analysis" in caplog.text  # where it was raised
    assert "words of the document" not in caplog.text
    [letter], [end] = kafka.dead_letters(), kafka.ends()
    assert dict(letter.headers)["sigmak-dead-exception"] == b"RuntimeError"
    assert not [value for _, value in letter.headers if b"words" in value]
    assert end.error is not None
    assert end.error.type == "internal_error"
    assert "words" not in end.error.message


async def test_a_result_over_its_topics_limit_even_without_texts_is_a_failure_and_the_worker_goes_on(
    kafka: Kafka,
) -> None:
    kafka.topics.faults[RISKS] = [EventTooLarge(RISKS)] * 10
    await Worker(kafka).process(an_event())
    [end] = kafka.ends()
    assert end.error is not None
    assert end.error.type == "result_too_large"
    assert kafka.journal[-2:] == ["end", "offset"]
