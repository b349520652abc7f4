"""The gateway checks its topics until a broker tells of them, and says why it can't."""

from collections.abc import Iterator, Sequence
from typing import cast

import pytest

from gateway import readiness
from gateway.known_keys import KnownKeys
from gateway.materialised.follower import TopicsFollower
from gateway.readiness import Readiness
from tests.unit.refusing_admin import NO_RIGHT, no_right, refusing
from transport.publisher import KafkaPublisher
from transport.topics import Difference, TopicAdmin


class _Sound:
    """Every other part of the gateway: nothing is wrong with it."""

    available = True

    def fault(self) -> None:
        """None."""


def _readiness(admin: TopicAdmin) -> Readiness:
    def stop(differences: Sequence[Difference]) -> None:
        raise AssertionError(differences)

    sound = _Sound()
    return Readiness(
        publisher=cast("KafkaPublisher", sound),
        follower=cast("TopicsFollower", sound),
        keys=cast("KnownKeys", sound),
        admin=admin,
        topics=[],
        on_wrong_topics=stop,
    )


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "_TOPIC_CHECK_SECONDS", 0)


async def test_a_right_that_is_granted_late_makes_the_gateway_ready() -> None:
    parts = _readiness(refusing([no_right(), no_right()]))
    await parts.check_topics()
    assert parts.reasons() == []


async def test_until_then_the_refusal_is_the_reason_that_is_told() -> None:
    told: list[list[str]] = []

    def errors() -> Iterator[Exception]:
        yield no_right()
        told.append(parts.reasons())

    parts = _readiness(refusing(errors()))
    await parts.check_topics()
    assert told == [[NO_RIGHT]]
