"""Which deliveries are open, and which are attempted when."""

from datetime import timedelta
from typing import Any

import pytest

from schemas.webhooks import WebhookDelivery
from streams.webhooks.shares import Shares
from streams.webhooks.waiting_room import DeliverySeen, EndReached, PartitionMoved, WaitingRoom
from tests.unit.examples import NOON
from tests.unit.webhooks.examples import a_delivery

LATER = NOON + timedelta(hours=1)


def seen(offset: int, *, partition: int = 0, delivery: WebhookDelivery | None = None, **changes: Any) -> DeliverySeen:
    """A record; each offset has a delivery of its own unless one is named."""
    state = delivery or a_delivery(**{"webhook_id": f"id-{offset}", **changes})
    return DeliverySeen(partition, offset, NOON, b"key", state)


def ids(taken: list[DeliverySeen]) -> list[str]:
    return [each.delivery.webhook_id for each in taken]


@pytest.fixture
def shares() -> Shares:
    return Shares(in_all=10, of_a_receiver=2)


@pytest.fixture
def room(shares: Shares) -> WaitingRoom:
    """Of partition 0 the end was reached."""
    room = WaitingRoom(shares)
    room.observe(EndReached(0, 0))
    return room


def test_a_new_delivery_is_handed_out_once(room: WaitingRoom) -> None:
    room.observe(seen(0))
    assert ids(room.take(NOON)) == ["id-0"]
    assert room.take(LATER) == []


def test_one_that_waits_is_handed_out_when_it_is_due_and_not_before(room: WaitingRoom) -> None:
    room.observe(seen(0, attempts=1, due_at=LATER))
    assert room.take(LATER - timedelta(milliseconds=1)) == []
    assert ids(room.take(LATER)) == ["id-0"]


def test_one_that_waits_for_long_holds_up_none_that_came_after_it_in_its_partition(room: WaitingRoom) -> None:
    room.observe(seen(0, attempts=9, due_at=LATER))
    room.observe(seen(1))
    assert ids(room.take(NOON)) == ["id-1"]


def test_nothing_of_a_partition_is_handed_out_before_its_end_was_reached(shares: Shares) -> None:
    room = WaitingRoom(shares)
    room.observe(seen(0))
    assert room.take(NOON) == []
    room.observe(seen(1, webhook_id="id-0", attempts=1, outcome="delivered"))
    room.observe(EndReached(0, 2))
    assert room.take(NOON) == []


def test_an_attempts_result_takes_the_place_of_the_state_before_it(room: WaitingRoom) -> None:
    room.observe(seen(0))
    room.take(NOON)
    room.observe(seen(1, webhook_id="id-0", attempts=1, due_at=LATER))
    assert room.waiting() == 1
    assert [each.delivery.attempts for each in room.take(LATER)] == [1]


@pytest.mark.parametrize("attempts", [0, 1])
def test_a_repeat_of_what_is_open_neither_sends_it_again_nor_begins_its_schedule_anew(
    room: WaitingRoom, attempts: int
) -> None:
    room.observe(seen(0, attempts=1, due_at=LATER))
    room.observe(seen(1, webhook_id="id-0", attempts=attempts))
    assert room.take(NOON) == []
    assert room.finished() == {0: 0}


def test_one_that_was_sent_anew_is_attempted_at_once(room: WaitingRoom) -> None:
    room.observe(seen(0, attempts=5, due_at=LATER))
    room.observe(seen(1, webhook_id="id-0", resent=1))
    assert [(each.delivery.resent, each.offset) for each in room.take(NOON)] == [(1, 1)]
    assert room.take(LATER) == []


# What may be committed


def test_the_lowest_open_delivery_is_read_again_by_the_next_and_what_lies_before_it_is_not(room: WaitingRoom) -> None:
    for offset in range(3):
        room.observe(seen(offset))
    assert room.finished() == {0: 0}
    room.observe(seen(3, webhook_id="id-1", attempts=1, outcome="delivered"))
    assert room.finished() == {0: 0}
    room.observe(seen(4, webhook_id="id-0", attempts=1, outcome="gone"))
    assert room.finished() == {0: 2}
    room.observe(seen(5, webhook_id="id-2", attempts=1, outcome="delivered"))
    assert room.finished() == {0: 6}


def test_what_is_in_hand_is_not_finished_before_its_result_was_read(room: WaitingRoom) -> None:
    room.observe(seen(0))
    room.take(NOON)
    assert room.finished() == {0: 0}


def test_what_can_not_be_read_is_behind_the_end_that_was_reached(room: WaitingRoom) -> None:
    room.observe(EndReached(0, 7))
    assert room.finished() == {0: 7}


def test_each_partition_is_finished_by_itself(room: WaitingRoom) -> None:
    room.observe(seen(5, partition=0))
    room.observe(EndReached(1, 9))
    assert room.finished() == {0: 5, 1: 9}


def test_a_partition_that_moved_is_forgotten_and_read_anew_when_it_comes_back(room: WaitingRoom) -> None:
    room.observe(seen(0))
    room.observe(PartitionMoved(0))
    assert (room.finished(), room.waiting(), room.take(NOON)) == ({}, 0, [])
    room.observe(seen(0))
    assert room.take(NOON) == []
    room.observe(EndReached(0, 1))
    assert ids(room.take(NOON)) == ["id-0"]


def test_one_whose_partition_went_and_came_back_before_it_was_due_is_handed_out_once(room: WaitingRoom) -> None:
    for each in (seen(0), PartitionMoved(0), seen(0), EndReached(0, 1)):
        room.observe(each)
    assert ids(room.take(NOON)) == ["id-0"]
    assert room.take(NOON) == []


# Receivers


def of(receiver: str, offset: int) -> DeliverySeen:
    return seen(offset, url=f"https://{receiver}.test/")


def test_a_receiver_has_its_share_and_the_rest_waits_for_it_alone(room: WaitingRoom, shares: Shares) -> None:
    for offset in range(5):
        room.observe(of("slow", offset))
    room.observe(of("quick", 5))
    assert ids(room.take(NOON)) == ["id-0", "id-1", "id-5"]
    shares.end("https://slow.test:443", delivered=True)
    assert ids(room.take(NOON)) == ["id-2"]


def test_a_receiver_that_failed_has_a_share_of_one_until_it_takes_something(room: WaitingRoom, shares: Shares) -> None:
    for offset in range(6):
        room.observe(of("dead", offset))
    room.take(NOON)
    for _ in range(2):
        shares.end("https://dead.test:443", delivered=False)
    assert len(room.take(NOON)) == 1
    shares.end("https://dead.test:443", delivered=True)
    assert len(room.take(NOON)) == 2


def test_when_all_places_are_taken_those_that_get_free_go_by_turns(room: WaitingRoom, shares: Shares) -> None:
    for offset in range(30):
        room.observe(of(f"r{offset % 10}", offset))
    first = {each.delivery.receiver for each in room.take(NOON)}
    assert first == {f"https://r{each}.test:443" for each in range(5)}
    for receiver in [*first, *first]:
        shares.end(receiver, delivered=True)
    assert {each.delivery.receiver for each in room.take(NOON)} == {
        f"https://r{each}.test:443" for each in range(5, 10)
    }


def test_it_tells_how_late_the_oldest_is_that_waits_for_its_receiver(room: WaitingRoom) -> None:
    for offset in range(3):
        room.observe(seen(offset))
    assert room.overdue(LATER) == 3600
    room.take(NOON)
    assert room.overdue(LATER) == 3600
    room.observe(PartitionMoved(0))
    assert room.overdue(LATER) == 0
