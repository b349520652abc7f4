"""Deliveries as an operator sees them."""

from datetime import timedelta

from ops.webhooks import fold, resend
from schemas.topics import WEBHOOKS
from schemas.webhooks import WebhookDelivery
from streams.incoming import FilingRecord
from tests.unit.examples import NOON
from tests.unit.fake_publisher import FakePublisher
from tests.unit.webhooks.examples import a_delivery, answered


def record(delivery: WebhookDelivery, offset: int = 0) -> FilingRecord:
    at = NOON + timedelta(seconds=offset)
    return FilingRecord(WEBHOOKS, 2, offset, at, b"key", delivery.model_dump_json().encode(), [])


ENDED = a_delivery(attempts=1, last_attempt=answered(410), outcome="gone")


def test_of_its_states_the_newest_counts_in_whatever_order_they_are_read() -> None:
    for records in ([record(a_delivery()), record(ENDED, 1)], [record(ENDED, 1), record(a_delivery())]):
        [delivery] = fold(records)
        assert delivery.state == ENDED


def test_what_is_no_delivery_is_left_out() -> None:
    assert fold([FilingRecord(WEBHOOKS, 0, 0, NOON, None, b"{}", [])]) == []


async def test_one_that_is_sent_anew_begins_anew_under_its_id() -> None:
    kafka = FakePublisher()
    [delivery] = fold([record(a_delivery()), record(ENDED, 1)])
    await resend(delivery, kafka, lambda: NOON)
    [sent] = kafka.on(WEBHOOKS)
    state = WebhookDelivery.model_validate_json(sent.value or b"")
    assert (sent.partition, sent.key) == (2, b"key")
    assert state == a_delivery(resent=1)
    assert state.order > ENDED.order
