"""The janitor's work, on a status topic of the test's own."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from schemas.tasks import TaskState, TaskStatus
from schemas.topics import LANE_RETENTION, TASKS, WEBHOOKS
from schemas.webhooks import WebhookDelivery
from streams.janitor import Janitor
from streams.lifetimes import Lifetimes, StatusSeen
from streams.metrics import JanitorMetrics
from tests.unit.examples import NOON, TASK_ID, a_status
from tests.unit.fake_publisher import FakePublisher
from transport.publisher import KafkaAway

LIFE = timedelta(hours=1)


class FakeTopic:
    """Reads what it was given, one record a look, then knows all until a moment, and asks the janitor to stop."""

    def __init__(self, records: Sequence[StatusSeen], *, until: datetime | None = NOON) -> None:
        self.records, self.stop, self.until = [*records], asyncio.Event(), until

    def read(self, seconds: float) -> Sequence[StatusSeen]:
        assert seconds > 0
        read, self.records = self.records[:1], self.records[1:]
        if not self.records:
            self.stop.set()
        return read

    @property
    def known_until(self) -> datetime | None:
        return None if self.records else self.until


@pytest.fixture
def kafka() -> FakePublisher:
    return FakePublisher()


def status_seen(status: TaskStatus, *, ago: timedelta) -> StatusSeen:
    return StatusSeen(status.task_id, status.order, NOON - ago, "key-1", status.model_dump_json().encode())


async def clean(
    kafka: FakePublisher, *records: StatusSeen, until: datetime | None = NOON
) -> tuple[Janitor, JanitorMetrics]:
    topic, metrics = FakeTopic(records, until=until), JanitorMetrics()
    lifetimes = Lifetimes(result_life=LIFE, lane_retention=LANE_RETENTION, now=lambda: NOON)
    janitor = Janitor(topic, lifetimes, kafka, metrics, LANE_RETENTION)
    await janitor.run(topic.stop)
    return janitor, metrics


ENDED = a_status(TaskState.SUCCESS)
PAST_RETENTION = LANE_RETENTION + timedelta(hours=1)


async def test_a_task_past_its_life_is_deleted(kafka: FakePublisher) -> None:
    _, metrics = await clean(kafka, status_seen(ENDED, ago=LIFE))
    [record] = kafka.on(TASKS)
    assert (record.key, record.tombstone) == (TASK_ID, True)
    assert metrics.registry.get_sample_value("sigmak_tasks_tombstoned_total") == 1


async def test_nothing_is_done_before_the_whole_topic_was_read(kafka: FakePublisher) -> None:
    await clean(kafka, status_seen(a_status(), ago=PAST_RETENTION), until=None)
    assert kafka.published == []


async def test_a_task_does_not_expire_whose_last_records_may_not_have_been_read(kafka: FakePublisher) -> None:
    await clean(kafka, status_seen(a_status(), ago=PAST_RETENTION), until=NOON - timedelta(hours=1))
    assert kafka.published == []


async def test_a_task_that_ended_after_a_long_wait_does_not_expire(kafka: FakePublisher) -> None:
    await clean(kafka, status_seen(a_status(), ago=PAST_RETENTION), status_seen(ENDED, ago=timedelta(0)))
    assert kafka.published == []


async def test_a_task_that_nobody_began_ends_as_expired_and_keeps_its_owner_and_labels(kafka: FakePublisher) -> None:
    await clean(kafka, status_seen(a_status(labels={"desk": "credit"}), ago=PAST_RETENTION))
    [record] = kafka.on(TASKS)
    assert record.event is not None
    assert record.event.extensions == {"sigmak-owner": "key-1"}
    status = TaskStatus.model_validate_json(record.event.data)
    assert (status.status, status.ended_at, status.ticker) == (TaskState.FAILURE, NOON, "ACME")
    assert status.labels == {"desk": "credit"}
    assert status.error is not None
    assert status.error.type == "expired"


async def test_an_unreadable_last_status_expires_without_a_word_and_stops_nothing(kafka: FakePublisher) -> None:
    unreadable = StatusSeen("other", ENDED.order._replace(step=0), NOON - PAST_RETENTION, None, b"{}")
    await clean(kafka, unreadable, status_seen(a_status(), ago=PAST_RETENTION))
    assert [record.key for record in kafka.on(TASKS)] == [TASK_ID]


async def test_a_tombstone_that_kafka_does_not_take_is_not_taken_for_done(kafka: FakePublisher) -> None:
    kafka.faults[TASKS] = [KafkaAway("away", outcome_known=False)]
    with pytest.raises(KafkaAway):
        await clean(kafka, status_seen(ENDED, ago=LIFE))
    assert kafka.published == []


async def test_lag_of_more_than_a_day_is_an_alarm(kafka: FakePublisher) -> None:
    punctual, _ = await clean(kafka, status_seen(ENDED, ago=LIFE))
    assert punctual.alarms() == []
    late, _ = await clean(kafka, status_seen(ENDED, ago=LIFE + timedelta(days=1)), until=None)
    assert "1 day" in late.alarms()[0]


EXPIRED = a_status(callback_url="https://example.com/hook")


async def test_that_a_task_expired_is_told_to_who_asked_before_its_status_says_so(kafka: FakePublisher) -> None:
    await clean(kafka, status_seen(EXPIRED, ago=PAST_RETENTION))
    assert kafka.topics() == [WEBHOOKS, TASKS]
    [told] = kafka.on(WEBHOOKS)
    assert told.event is not None
    delivery = WebhookDelivery.model_validate_json(told.event.data)
    assert (delivery.webhook_id, delivery.owner) == (f"{TASK_ID}-ended", "key-1")
    assert json.loads(delivery.body)["data"]["error"]["type"] == "expired"


async def test_a_janitor_that_dies_before_the_status_tells_it_again_under_the_same_id(kafka: FakePublisher) -> None:
    kafka.faults[TASKS] = [KafkaAway("away", outcome_known=False)]
    with pytest.raises(KafkaAway):
        await clean(kafka, status_seen(EXPIRED, ago=PAST_RETENTION))
    await clean(kafka, status_seen(EXPIRED, ago=PAST_RETENTION))
    assert len({told.event.id for told in kafka.on(WEBHOOKS) if told.event}) == 1
