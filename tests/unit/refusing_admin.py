"""An admin of topics whose brokers tell nothing at first."""

from collections.abc import Iterable, Sequence
from typing import cast

from confluent_kafka import KafkaError

from schemas.topics import Topic
from transport.topics import Difference, KafkaRefuses, TopicAdmin

NO_RIGHT = "Kafka refuses what is asked of the topic sigmak.tasks.v1: Topic authorization failed."


def no_right() -> KafkaRefuses:
    """The user lacks a right to a topic."""
    error = KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED, "Topic authorization failed.")
    return KafkaRefuses("sigmak.tasks.v1", error)


def refusing(errors: Iterable[Exception]) -> TopicAdmin:
    """An admin that raises these, one at each question, and finds all topics right afterwards."""
    return cast("TopicAdmin", _RefusingAdmin(errors))


class _RefusingAdmin:
    def __init__(self, errors: Iterable[Exception]) -> None:
        self._errors = iter(errors)

    def differences(self, _topics: Sequence[Topic]) -> list[Difference]:
        for error in self._errors:
            raise error
        return []
