"""The room for submissions: taken as they come, free again when they are through, and never more than the limit."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.bodies_in_hand import BodiesInHand, Overloaded


def test_what_one_holds_another_can_not_have_until_it_is_through() -> None:
    bodies = BodiesInHand(10)
    with bodies.hold() as first:
        first.take(6)
        with bodies.hold() as second, pytest.raises(Overloaded):
            second.take(5)
        with bodies.hold() as third:
            third.take(4)
    assert bodies.taken == 0
    with bodies.hold() as fourth:
        fourth.take(10)


def test_what_was_taken_is_free_again_after_an_error() -> None:
    bodies = BodiesInHand(10)

    def _takes_too_much() -> None:
        with bodies.hold() as hold:
            hold.take(7)
            hold.take(7)

    with pytest.raises(Overloaded):
        _takes_too_much()
    assert bodies.taken == 0


def test_threads_never_take_more_than_the_limit_together() -> None:
    bodies = BodiesInHand(1000)
    with bodies.hold() as hold, ThreadPoolExecutor(4) as pool:
        taken = sum(pool.map(lambda _: _took(hold.take), range(4000)))
    assert taken == 1000


def _took(take: Callable[[int], None]) -> int:
    try:
        take(1)
    except Overloaded:
        return 0
    return 1
