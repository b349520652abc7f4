"""The life of a batch's status, on a topic of the test's own."""

from datetime import datetime, timedelta

import pytest

from schemas.batches import BatchHead
from schemas.tasks import TaskState
from schemas.topics import BATCHES, LANE_RETENTION
from streams.batches.batch_janitor import BatchJanitor
from streams.lifetimes import Lifetimes, StatusSeen
from streams.metrics import JanitorMetrics
from tests.unit.examples import NOON, TASK_ID
from tests.unit.fake_publisher import FakePublisher
from tests.unit.streams.test_janitor import LIFE, FakeTopic

OPEN = BatchHead(status="OPEN", ended={TaskState.SUCCESS: 2})
ENDED = BatchHead(status="ENDED", ended={TaskState.SUCCESS: 3})
REMEMBERED = 2 * LANE_RETENTION


@pytest.fixture
def kafka() -> FakePublisher:
    return FakePublisher()


def _seen(head: BatchHead | None, *, ago: timedelta) -> StatusSeen:
    return StatusSeen(TASK_ID, None if head is None else head.order, NOON - ago, "key-1")


async def _clean(kafka: FakePublisher, *records: StatusSeen, until: datetime | None = NOON) -> float | None:
    """What is deleted then, as the metrics count it."""
    topic, metrics = FakeTopic(records, until=until), JanitorMetrics()
    lifetimes = Lifetimes(result_life=LIFE, lane_retention=REMEMBERED, now=lambda: NOON)
    await BatchJanitor(topic, lifetimes, kafka, metrics).run(topic.stop)
    return metrics.registry.get_sample_value("sigmak_batches_tombstoned_total")


async def test_a_batch_is_deleted_a_results_life_after_its_end(kafka: FakePublisher) -> None:
    assert await _clean(kafka, _seen(OPEN, ago=2 * LIFE), _seen(ENDED, ago=LIFE)) == 1
    [record] = kafka.on(BATCHES)
    assert (record.key, record.tombstone) == (TASK_ID, True)


@pytest.mark.parametrize("head", [OPEN, ENDED])
async def test_one_that_is_open_or_ended_a_moment_ago_stays(kafka: FakePublisher, head: BatchHead) -> None:
    ago = LIFE - timedelta(minutes=1) if head is ENDED else REMEMBERED
    assert await _clean(kafka, _seen(head, ago=ago)) == 0
    assert kafka.published == []


async def test_a_status_that_comes_behind_the_end_does_not_make_it_live_longer(kafka: FakePublisher) -> None:
    assert await _clean(kafka, _seen(ENDED, ago=LIFE), _seen(OPEN, ago=timedelta(0)), _seen(ENDED, ago=LIFE / 2)) == 1


async def test_what_comes_behind_a_tombstone_is_deleted_again(kafka: FakePublisher) -> None:
    records = _seen(ENDED, ago=3 * LIFE), _seen(None, ago=2 * LIFE), _seen(OPEN, ago=LIFE)
    assert await _clean(kafka, *records) == 1


async def test_nothing_is_deleted_before_the_whole_topic_was_read(kafka: FakePublisher) -> None:
    assert await _clean(kafka, _seen(ENDED, ago=LIFE), until=None) == 0


async def test_one_that_workers_have_forgotten_ends_and_is_deleted_in_time(kafka: FakePublisher) -> None:
    topic, now = FakeTopic([_seen(OPEN, ago=REMEMBERED + LIFE)]), [NOON]
    lifetimes = Lifetimes(result_life=LIFE, lane_retention=REMEMBERED, now=lambda: now[0])
    janitor = BatchJanitor(topic, lifetimes, kafka, JanitorMetrics())
    await janitor.run(topic.stop)
    assert kafka.published == []
    now[0] += LIFE
    topic.until = now[0]
    topic.stop.clear()
    await janitor.run(topic.stop)
    assert [record.key for record in kafka.on(BATCHES) if record.tombstone] == [TASK_ID]
