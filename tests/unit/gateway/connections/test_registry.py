"""Connections are counted in all and by address, and the address with the most gives way."""

from gateway.connections.registry import Registry


class _Connection:
    """Notes whether it was given up."""

    def __init__(self) -> None:
        self.is_given_up = False

    def give_up(self) -> None:
        self.is_given_up = True

    def check(self, now: float) -> None:
        """It is never late."""


def test_a_new_address_gets_in_at_the_cost_of_the_one_with_the_most_connections() -> None:
    registry = Registry(total=4, per_address=3)
    honest, flood = _Connection(), [_Connection() for _ in range(3)]
    assert registry.open("honest", honest)
    assert all(registry.open("flood", each) for each in flood)
    assert registry.open("new", _Connection())
    assert [each.is_given_up for each in (honest, *flood)] == [False, True, False, False]
    assert registry.count == 4


def test_an_address_at_its_limit_makes_room_among_its_own() -> None:
    registry = Registry(total=10, per_address=2)
    other, own = _Connection(), [_Connection() for _ in range(3)]
    assert registry.open("other", other)
    assert all(registry.open("own", each) for each in own)
    assert [each.is_given_up for each in (other, *own)] == [False, True, False, False]


def test_an_address_whose_connections_all_work_gets_no_further_one() -> None:
    registry = Registry(total=10, per_address=1)
    first, second = _Connection(), _Connection()
    assert registry.open("own", first)
    registry.works("own", first)
    assert not registry.open("own", second)
    registry.waits("own", first)
    assert registry.open("own", second)
    assert first.is_given_up


def test_what_is_closed_twice_counts_once() -> None:
    registry = Registry(total=10, per_address=10)
    first, second = _Connection(), _Connection()
    assert registry.open("own", first)
    assert registry.open("own", second)
    registry.close("own", first)
    registry.close("own", first)
    assert registry.count == 1
