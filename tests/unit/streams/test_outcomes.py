"""What is published of a filing where it does not fit, or where it is set aside."""

import json
from dataclasses import replace

import pytest

from schemas.dead_letters import Death
from schemas.envelope import CloudEvent
from schemas.risks import IndexSummary, RiskAssessment
from schemas.tasks import WAITING, TaskError, TaskStatus
from schemas.topics import FILINGS, FILINGS_DEAD, RISKS, TASKS, WEBHOOKS
from schemas.webhooks import WebhookDelivery
from streams.incoming import FilingRecord, decode_filing
from streams.outcomes import Outcomes, ResultTooLarge
from tests.unit.examples import NOON, TASK_ID, a_filing, a_risk, an_assessment
from tests.unit.fake_publisher import FakePublisher
from tests.unit.streams.worker import an_event
from transport.publisher import EventTooLarge

REASON = Death("unavailable", "The store is away.", "StoreAway", attempts=4)
LONG = an_assessment(a_risk(0, text="x" * 5000), a_risk(1, text="y" * 100))


class Limited(FakePublisher):
    """Topics take events of up to so many bytes."""

    def __init__(self, **limits: int) -> None:
        super().__init__()
        self._limits = {"RISKS": RISKS, "TASKS": TASKS}
        self._limits_of = {self._limits[name]: limit for name, limit in limits.items()}

    async def publish(self, topic: str, key: str, event: CloudEvent | None) -> None:
        """Refuse what is too large."""
        if event is not None and len(event.data) > self._limits_of.get(topic, 1 << 30):
            raise EventTooLarge(topic)
        await super().publish(topic, key, event)


@pytest.fixture
def kafka() -> FakePublisher:
    return FakePublisher()


async def _succeed(kafka: FakePublisher, result: RiskAssessment = LONG) -> None:
    await Outcomes(kafka, lambda: NOON).success(decode_filing(an_event()), result, NOON)


async def _set_aside(kafka: FakePublisher, record: FilingRecord, reason: Death = REASON) -> None:
    await Outcomes(kafka, lambda: NOON).dead_letter(record, reason)


def _assessment(kafka: FakePublisher) -> RiskAssessment:
    [message] = kafka.on(RISKS)
    assert message.event is not None
    return RiskAssessment.model_validate_json(message.event.data)


def _result(kafka: FakePublisher) -> RiskAssessment:
    [message] = kafka.on(TASKS)
    assert message.event is not None
    result = TaskStatus.model_validate_json(message.event.data).result
    assert isinstance(result, RiskAssessment)
    return result


async def test_a_result_that_fits_is_published_whole(kafka: FakePublisher) -> None:
    await _succeed(kafka)
    assert _assessment(kafka) == LONG
    assert _result(kafka) == LONG


async def test_a_result_over_its_topics_limit_is_published_with_texts_cut_and_flagged() -> None:
    kafka = Limited(RISKS=6000)
    await _succeed(kafka)
    cut = _assessment(kafka)
    assert [(len(risk.text), risk.text_cut) for risk in cut.risks] == [(4000, True), (100, False)]


async def test_texts_are_cut_further_until_the_result_fits() -> None:
    kafka = Limited(RISKS=len(LONG.with_texts_cut(0).model_dump_json()))
    await _succeed(kafka)
    assert [(risk.text, risk.text_cut) for risk in _assessment(kafka).risks] == [("", True), ("", True)]


async def test_each_topic_cuts_for_itself() -> None:
    kafka = Limited(TASKS=6000)
    await _succeed(kafka)
    assert _assessment(kafka) == LONG
    assert _result(kafka).risks[0].text_cut


async def test_a_result_that_does_not_fit_even_without_texts_is_not_published_in_part() -> None:
    kafka = Limited(RISKS=10)
    with pytest.raises(ResultTooLarge):
        await _succeed(kafka)
    assert kafka.published == []


async def test_the_assessment_is_acknowledged_before_success_is_told(kafka: FakePublisher) -> None:
    await _succeed(kafka)
    assert kafka.topics() == [RISKS, TASKS]


async def test_a_dead_letter_holds_the_original_bytes_under_the_original_key_and_headers(kafka: FakePublisher) -> None:
    record = an_event()
    await _set_aside(kafka, record)
    [letter] = kafka.on(FILINGS_DEAD)
    assert (letter.key, letter.value) == (record.key, record.value)
    assert list(letter.headers[: len(record.headers)]) == list(record.headers)


async def test_a_dead_letter_tells_why_and_where_it_stood(kafka: FakePublisher) -> None:
    record = an_event()
    await _set_aside(kafka, record)
    [letter] = kafka.on(FILINGS_DEAD)
    assert dict(letter.headers[len(record.headers) :]) == {
        "sigmak-dead-type": b"unavailable",
        "sigmak-dead-message": b"The store is away.",
        "sigmak-dead-exception": b"StoreAway",
        "sigmak-dead-attempts": b"4",
        "sigmak-original-topic": FILINGS.encode(),
        "sigmak-original-partition": b"3",
        "sigmak-original-offset": b"17",
        "sigmak-original-timestamp": b"2026-02-03T12:00:00+00:00",
    }


async def test_a_second_death_keeps_the_first_origin_and_tells_the_newest_reason(kafka: FakePublisher) -> None:
    await _set_aside(kafka, an_event())
    [first] = kafka.on(FILINGS_DEAD)
    again = FilingRecord(FILINGS, 3, 99, NOON, b"ACME", first.value, first.headers)
    await _set_aside(kafka, again, Death("poison_pill", "It killed its worker."))
    headers = kafka.on(FILINGS_DEAD)[1].headers
    assert len({name for name, _ in headers}) == len(headers)
    told = dict(headers)
    assert (told["sigmak-original-topic"], told["sigmak-original-offset"]) == (FILINGS.encode(), b"17")
    assert (told["sigmak-dead-type"], told["sigmak-dead-exception"]) == (b"poison_pill", b"")


async def test_a_record_that_the_dead_letter_topic_does_not_take_is_set_aside_without_its_value(
    kafka: FakePublisher,
) -> None:
    kafka.faults[FILINGS_DEAD] = [EventTooLarge(FILINGS_DEAD)]
    await _set_aside(kafka, an_event())
    [letter] = kafka.on(FILINGS_DEAD)
    assert letter.value is None
    told = dict(letter.headers)
    assert told["sigmak-dead-value-left-behind"] == b"true"
    assert (told["sigmak-original-topic"], told["sigmak-original-offset"]) == (FILINGS.encode(), b"17")


async def test_a_record_of_large_headers_and_key_is_set_aside_with_those_that_tell_what_it_is(
    kafka: FakePublisher,
) -> None:
    kafka.faults[FILINGS_DEAD] = [EventTooLarge(FILINGS_DEAD)]
    record = an_event()
    ballast = [("large", b"x" * 5000), *((f"one-of-many-{number}", b"x") for number in range(5000))]
    await _set_aside(kafka, replace(record, key=b"x" * 5000, headers=[*record.headers, *ballast]))
    [letter] = kafka.on(FILINGS_DEAD)
    assert sum(len(name) + len(value) for name, value in letter.headers) + len(letter.key or b"") < 10_000
    assert dict(letter.headers)["ce_id"] == TASK_ID.encode()


async def test_a_failure_is_told_to_who_asked_and_a_retry_is_not(kafka: FakePublisher) -> None:
    outcomes = Outcomes(kafka, lambda: NOON)
    record = an_event(a_filing(callback_url="https://example.com/hook"))
    error = TaskError(type="unavailable", message="The store is away.")
    await outcomes.retry(record, decode_filing(record), error, due_at=NOON, started_at=NOON, reached=WAITING)
    assert kafka.on(WEBHOOKS) == []
    await outcomes.failure(decode_filing(record), error, NOON, WAITING)
    [told] = kafka.on(WEBHOOKS)
    assert told.event is not None
    delivery = WebhookDelivery.model_validate_json(told.event.data)
    assert (told.key, delivery.url, delivery.owner) == (TASK_ID, "https://example.com/hook", "key-1")
    assert json.loads(delivery.body)["type"] == "task.failed"


# Labels


LABELLED = an_event(a_filing(labels={"desk": "credit"}))
SUMMARY = IndexSummary(ticker="ACME", filing_year=2024, form="10-K", status="found", risk_factors=7)


def _last_status(kafka: FakePublisher) -> TaskStatus:
    event = kafka.on(TASKS)[-1].event
    assert event is not None
    return TaskStatus.model_validate_json(event.data)


async def test_every_status_and_result_has_the_filings_labels(kafka: FakePublisher) -> None:
    outcomes, event = Outcomes(kafka, lambda: NOON), decode_filing(LABELLED)
    error = TaskError(type="broken", message="It is.")
    for said in (
        outcomes.progress(event, 1, NOON),
        outcomes.retry(LABELLED, event, error, due_at=NOON, started_at=NOON, reached=WAITING),
        outcomes.failure(event, error, NOON, WAITING),
        outcomes.success(event, SUMMARY, NOON),
        outcomes.success(event, LONG, NOON),
    ):
        await said
        status = _last_status(kafka)
        assert status.labels == {"desk": "credit"}
        assert status.result is None or status.result.labels == {"desk": "credit"}
    assert _assessment(kafka).labels == {"desk": "credit"}
