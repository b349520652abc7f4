"""The room for submissions: taken as they come, free again when they are through, and never more than the limit."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.bodies_in_hand import BodiesInHand, Overloaded


def test_what_keys_hold_another_can_not_have_until_they_are_through() -> None:
    bodies = BodiesInHand(12)
    with bodies.hold("a") as first, bodies.hold("b") as second:
        first.take(8)
        second.take(3)
        with bodies.hold("c") as third, pytest.raises(Overloaded):
            third.take(2)
    assert bodies.taken == 0
    with bodies.hold("c") as fourth:
        fourth.take(8)


def test_bodies_of_one_key_never_have_more_than_a_third_together() -> None:
    bodies = BodiesInHand(12)
    with bodies.hold("a") as first, bodies.hold("a") as second, bodies.hold("b") as other:
        first.take(3)
        with pytest.raises(Overloaded):
            second.take(2)
        second.take(1)
        with pytest.raises(Overloaded):
            first.take(1)
        other.take(8)


def test_a_body_that_is_alone_may_have_two_thirds_and_leaves_one_to_the_others() -> None:
    bodies = BodiesInHand(12)
    with bodies.hold("a") as batch, bodies.hold("a") as second, bodies.hold("b") as other:
        batch.take(8)
        with pytest.raises(Overloaded):
            batch.take(1)
        with pytest.raises(Overloaded):
            second.take(1)
        other.take(4)


def test_what_was_taken_is_free_again_after_an_error() -> None:
    bodies = BodiesInHand(15)

    def _takes_too_much() -> None:
        with bodies.hold("a") as hold:
            hold.take(7)
            hold.take(7)

    with pytest.raises(Overloaded):
        _takes_too_much()
    assert bodies.taken == 0


def test_threads_never_take_more_than_a_bodys_share_together() -> None:
    bodies = BodiesInHand(1500)
    with bodies.hold("a") as hold, ThreadPoolExecutor(4) as pool:
        taken = sum(pool.map(lambda _: _took(hold.take), range(4000)))
    assert taken == 1000


def _took(take: Callable[[int], None]) -> int:
    try:
        take(1)
    except Overloaded:
        return 0
    return 1
