"""Which partitions move, and which are stuck."""

from datetime import timedelta

import pytest

from schemas.topics import FILINGS, FILINGS_PRIORITY
from streams.lane_watch import LaneWatch
from streams.metrics import WorkerMetrics
from streams.progress import HeadsInHand, Partition, Position, StuckWatch
from tests.unit.examples import NOON
from tests.unit.streams.worker import an_event

HERE, ELSEWHERE = (FILINGS, 3), (FILINGS_PRIORITY, 1)
AFTER = 300.0


class Clock:
    time = 0.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stuck(clock: Clock) -> StuckWatch:
    return StuckWatch(AFTER, clock)


def test_a_partition_in_which_filings_wait_and_none_ends_is_stuck(stuck: StuckWatch, clock: Clock) -> None:
    assert stuck.observe({HERE: Position(7, 2)}) == {}
    clock.time = AFTER
    assert stuck.observe({HERE: Position(7, 3)}) == {HERE: AFTER}


def test_each_end_sets_the_clock_back(stuck: StuckWatch, clock: Clock) -> None:
    stuck.observe({HERE: Position(7, 2)})
    clock.time = AFTER - 1
    stuck.observe({HERE: Position(8, 1)})
    clock.time = AFTER + 1
    assert stuck.observe({HERE: Position(8, 1)}) == {}


def test_a_quiet_partition_is_not_stuck_when_a_filing_comes_at_last(stuck: StuckWatch, clock: Clock) -> None:
    stuck.observe({HERE: Position(7, 0)})
    clock.time = 10 * AFTER
    assert stuck.observe({HERE: Position(7, 1)}) == {}


def test_a_partition_that_moved_to_another_worker_is_forgotten(stuck: StuckWatch, clock: Clock) -> None:
    stuck.observe({HERE: Position(7, 2)})
    stuck.observe({})
    clock.time = AFTER
    assert stuck.observe({HERE: Position(7, 2)}) == {}


def test_one_partition_is_stuck_while_another_moves(stuck: StuckWatch, clock: Clock) -> None:
    stuck.observe({HERE: Position(7, 2), ELSEWHERE: Position(1, 5)})
    clock.time = AFTER
    assert stuck.observe({HERE: Position(7, 2), ELSEWHERE: Position(2, 4)}) == {HERE: AFTER}


async def test_a_stuck_partition_is_told_and_logged_once(
    stuck: StuckWatch, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    async def positions() -> dict[Partition, Position]:
        return {HERE: Position(7, 2)}

    metrics = WorkerMetrics()
    watch = LaneWatch(positions, stuck, metrics)
    await watch.look()
    assert watch.reasons() == []
    clock.time = AFTER
    await watch.look()
    await watch.look()
    assert watch.reasons() == [f"{FILINGS}, partition 3 is stuck: no event ended for 300 s, 2 wait"]
    assert len([record for record in caplog.records if "partition 3" in record.getMessage()]) == 1
    assert metrics.registry.get_sample_value("sigmak_lane_lag", {"lane": FILINGS}) == 2


async def test_while_the_broker_does_not_answer_what_was_seen_stays_true(stuck: StuckWatch) -> None:
    async def positions() -> dict[Partition, Position]:
        raise ConnectionError

    watch = LaneWatch(positions, stuck, WorkerMetrics())
    await watch.look()
    assert watch.reasons() == []


def test_the_oldest_filing_in_hand_is_told_by_lane() -> None:
    heads = HeadsInHand()
    assert heads.oldest(FILINGS) is None
    event = an_event(appended_at=NOON - timedelta(minutes=1))
    heads.began(event)
    assert heads.oldest(FILINGS) == NOON - timedelta(minutes=1)
    assert heads.oldest(FILINGS_PRIORITY) is None
    heads.ended(event)
    assert heads.oldest(FILINGS) is None
