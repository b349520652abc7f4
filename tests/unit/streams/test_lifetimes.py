"""The lifetimes of tasks on the status topic."""

from datetime import datetime, timedelta

import pytest

from schemas.tasks import StatusOrder
from schemas.topics import TOMBSTONE_LIFE
from streams.lifetimes import EXPIRY_MARGIN, Lifetimes, StatusSeen
from tests.unit.examples import NOON, TASK_ID

LIFE = timedelta(hours=1)
RETENTION = timedelta(days=30)
WAITING, WORKING, ENDED, NEXT_ATTEMPT = (StatusOrder(1, 0), StatusOrder(1, 3), StatusOrder(1, 7), StatusOrder(2, 1))


class Clock:
    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time

    def pass_(self, time: timedelta) -> None:
        self.time += time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tasks(clock: Clock) -> Lifetimes:
    return Lifetimes(result_life=LIFE, lane_retention=RETENTION, now=clock)


def seen(order: StatusOrder | None, at: datetime = NOON) -> StatusSeen:
    return StatusSeen(TASK_ID, order, at)


def test_an_ended_task_is_deleted_at_the_end_of_its_results_life_and_not_before(tasks: Lifetimes, clock: Clock) -> None:
    tasks.observe(seen(ENDED))
    clock.pass_(LIFE - timedelta(seconds=1))
    assert tasks.to_tombstone(clock.time) == []
    clock.pass_(timedelta(seconds=1))
    assert tasks.to_tombstone(clock.time) == [TASK_ID]


def test_the_life_counts_from_the_first_end(tasks: Lifetimes, clock: Clock) -> None:
    tasks.observe(seen(ENDED))
    tasks.observe(seen(ENDED, NOON + LIFE))
    clock.pass_(LIFE)
    assert tasks.to_tombstone(clock.time) == [TASK_ID]


def test_a_deleted_task_is_not_deleted_again(tasks: Lifetimes, clock: Clock) -> None:
    tasks.observe(seen(ENDED))
    clock.pass_(LIFE)
    tasks.tombstoned(TASK_ID)
    assert tasks.to_tombstone(clock.time) == []
    assert tasks.count() == {"open": 0, "ended": 0, "gone": 1}


@pytest.mark.parametrize("late", [WAITING, WORKING, ENDED, NEXT_ATTEMPT])
def test_what_comes_after_a_tombstone_is_deleted_again_at_once(
    tasks: Lifetimes, clock: Clock, late: StatusOrder
) -> None:
    tasks.observe(seen(None))
    tasks.observe(seen(late))
    assert tasks.to_tombstone(clock.time) == [TASK_ID]
    tasks.tombstoned(TASK_ID)
    assert tasks.to_tombstone(clock.time) == []


def test_a_zombies_status_after_the_end_does_not_bring_the_task_back(tasks: Lifetimes, clock: Clock) -> None:
    tasks.observe(seen(ENDED))
    tasks.observe(seen(NEXT_ATTEMPT))
    assert tasks.count()["open"] == 0
    clock.pass_(2 * RETENTION)
    assert tasks.to_expire(clock.time) == []


def test_a_task_that_nobody_began_expires_after_the_retention_of_its_lane(tasks: Lifetimes, clock: Clock) -> None:
    tasks.observe(seen(WAITING))
    clock.pass_(RETENTION + EXPIRY_MARGIN)
    assert tasks.to_expire(clock.time) == []
    clock.pass_(timedelta(seconds=1))
    assert [each.task_id for each in tasks.to_expire(clock.time)] == [TASK_ID]


def test_a_later_status_puts_the_expiry_off(tasks: Lifetimes, clock: Clock) -> None:
    tasks.observe(seen(WAITING))
    tasks.observe(seen(NEXT_ATTEMPT, NOON + RETENTION))
    clock.pass_(RETENTION + EXPIRY_MARGIN + timedelta(seconds=1))
    assert tasks.to_expire(clock.time) == []


def test_an_older_status_that_comes_late_does_not_replace_a_newer_one(tasks: Lifetimes, clock: Clock) -> None:
    tasks.observe(seen(NEXT_ATTEMPT))
    tasks.observe(seen(WORKING, NOON + RETENTION))
    clock.pass_(RETENTION + EXPIRY_MARGIN + timedelta(seconds=1))
    assert [each.order for each in tasks.to_expire(clock.time)] == [NEXT_ATTEMPT]


def test_an_expired_task_lives_on_as_an_ended_one(tasks: Lifetimes, clock: Clock) -> None:
    tasks.observe(seen(WAITING))
    clock.pass_(2 * RETENTION)
    tasks.expired(TASK_ID)
    assert tasks.to_expire(clock.time) == []
    clock.pass_(LIFE)
    assert tasks.to_tombstone(clock.time) == [TASK_ID]


def test_a_gone_task_is_forgotten_when_its_tombstone_is(tasks: Lifetimes, clock: Clock) -> None:
    tasks.observe(seen(None))
    clock.pass_(TOMBSTONE_LIFE)
    tasks.forget(clock.time)
    assert tasks.count() == {"open": 0, "ended": 0, "gone": 0}


def test_a_late_status_that_is_read_when_its_tombstone_is_gone_does_not_bring_the_task_back(
    tasks: Lifetimes, clock: Clock
) -> None:
    tasks.observe(seen(None))
    clock.pass_(TOMBSTONE_LIFE)
    known_until = clock.time - timedelta(minutes=1)
    tasks.forget(known_until)
    tasks.observe(seen(WORKING, known_until + timedelta(seconds=1)))
    assert tasks.to_tombstone(known_until) == [TASK_ID]


def test_it_tells_for_how_long_the_oldest_is_overdue(tasks: Lifetimes, clock: Clock) -> None:
    assert tasks.overdue() == 0
    tasks.observe(seen(ENDED))
    clock.pass_(LIFE + timedelta(minutes=2))
    assert tasks.overdue() == 120
