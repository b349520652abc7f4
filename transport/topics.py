"""The topics on the broker against the catalogue: create, alter, compare."""

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from schemas.topics import Topic
from transport.connection import KafkaConnection

_LOOK_AGAIN_SECONDS = 0.05
_UNREACHABLE = (KafkaError._TRANSPORT, KafkaError._TIMED_OUT, KafkaError.REQUEST_TIMED_OUT)  # noqa: SLF001, the names
_REFUSED = (KafkaError._AUTHENTICATION, KafkaError._SSL)  # noqa: SLF001

Answer = TypeVar("Answer")


class KafkaUnreachable(ConnectionError):
    """No broker answered."""


class KafkaRefuses(Exception):
    """A broker answers what was asked of a topic with an error, such as that the user lacks the right."""

    def __init__(self, topic: str, error: KafkaError) -> None:
        super().__init__(f"Kafka refuses what is asked of the topic {topic}: {error.str()}")
        self.code = error.code()


class _NotKnownEverywhere(KafkaUnreachable):
    """A topic is new: one broker has told of it, and another, which was asked for its settings, does not know it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How one topic on the broker differs from the catalogue."""

    topic: str
    what: str
    fatal: bool
    """True where a process must not run on it: the topic is missing, has other partitions, or lost `compact`."""

    def __str__(self) -> str:
        return f"{self.topic}: {self.what}"


class _Refusal:
    """Why brokers refuse a client, once they do.

    Apart from `TopicAdmin`: a client that knew its owner would be freed by the garbage collector, in whatever thread
    that is at work.
    """

    reason: str | None = None

    def note(self, error: KafkaError) -> None:
        """Note it: waiting does not help, so who waits is told. All other errors are a broker that is away."""
        if error.code() in _REFUSED:
            self.reason = error.str()


class TopicAdmin:
    """Creates and compares topics.

    Args:
        timeout: seconds to wait for each answer.

    Raises:
        KafkaUnreachable: from each method, where no broker answers in time.
        KafkaRefuses: from each method, where one answers with an error.
    """

    def __init__(self, connection: KafkaConnection, *, timeout: float = 10.0) -> None:
        self._bootstrap_servers, self._timeout = connection.bootstrap_servers, timeout
        self._refusal = _Refusal()
        # Its type has no word of callbacks, which it takes like every client.
        config: dict[str, Any] = {**connection.client_settings(), "log_level": 2, "error_cb": self._refusal.note}
        self._client = AdminClient(config)

    def apply(self, topics: Sequence[Topic]) -> list[str]:
        """Create what is missing and alter drifted settings; returns a line for each change, once the broker shows it.

        A broker learns of what its controller has acknowledged a moment later: a gateway that was started in between
        would find a topic missing.
        """
        existing = self._partition_counts()
        missing = [topic for topic in topics if topic.name not in existing]
        changes = self._create(missing) if missing else []
        drifted = self._drifted([topic for topic in topics if topic.name in existing])
        for topic, settings in drifted.items():
            resource = ConfigResource(
                ResourceType.TOPIC,
                topic,
                incremental_configs=[
                    ConfigEntry(name, wanted, incremental_operation=AlterConfigOpType.SET)
                    for name, (_, wanted) in settings.items()
                ],
            )
            for future in self._client.incremental_alter_configs([resource], request_timeout=self._timeout).values():
                self._answer(topic, future)
            changes += [f"{topic}: {name} {was} -> {wanted}" for name, (was, wanted) in settings.items()]
        if changes:
            self._wait_until_applied(topics)
        return changes

    def differences(self, topics: Sequence[Topic]) -> list[Difference]:
        """Every way in which the broker's topics differ from `topics`."""
        existing = self._partition_counts()
        found: list[Difference] = []
        for topic in topics:
            if topic.name not in existing:
                found.append(Difference(topic.name, "is missing", fatal=True))
            elif existing[topic.name] != topic.partitions:
                what = f"has {existing[topic.name]} partitions, not {topic.partitions}"
                found.append(Difference(topic.name, what, fatal=True))
        for name, settings in self._drifted([topic for topic in topics if topic.name in existing]).items():
            for setting, (is_now, wanted) in settings.items():
                fatal = setting == "cleanup.policy" and wanted == "compact"
                found.append(Difference(name, f"{setting} is {is_now}, not {wanted}", fatal=fatal))
        return found

    def _wait_until_applied(self, topics: Sequence[Topic]) -> None:
        deadline = time.monotonic() + self._timeout
        while not self._shows(topics):
            if time.monotonic() > deadline:
                raise KafkaUnreachable(f"the broker at {self._bootstrap_servers} does not show what was changed")
            time.sleep(_LOOK_AGAIN_SECONDS)

    def _shows(self, topics: Sequence[Topic]) -> bool:
        try:
            return {topic.name for topic in topics} <= self._partition_counts().keys() and not self._drifted(topics)
        except _NotKnownEverywhere:
            return False

    def _partition_counts(self) -> dict[str, int]:
        try:
            metadata = self._client.list_topics(timeout=self._timeout)
        except KafkaException as error:
            raise self._unreachable() from error
        self._refusal.reason = None
        return {name: len(topic.partitions) for name, topic in metadata.topics.items() if topic.error is None}

    def _create(self, topics: Iterable[Topic]) -> list[str]:
        wanted = [
            NewTopic(
                t.name, num_partitions=t.partitions, replication_factor=t.replication_factor, config=dict(t.config)
            )
            for t in topics
        ]
        created: list[str] = []
        for name, future in self._client.create_topics(
            wanted, operation_timeout=self._timeout, request_timeout=self._timeout
        ).items():
            try:
                self._answer(name, future)
                created.append(f"{name}: created")
            except KafkaRefuses as refusal:
                # Two processes may apply at once: that the other was first is what we wanted.
                if refusal.code != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise
        return created

    def _drifted(self, topics: Sequence[Topic]) -> dict[str, dict[str, tuple[str, str]]]:
        """Topic -> setting -> (value on the broker, value in the catalogue), only where they differ."""
        if not topics:
            return {}
        resources = {ConfigResource(ResourceType.TOPIC, topic.name): topic for topic in topics}
        drifted: dict[str, dict[str, tuple[str, str]]] = {}
        for resource, future in self._client.describe_configs(list(resources), request_timeout=self._timeout).items():
            actual = self._answer(resource.name, future)
            settings = {
                name: (str(actual[name].value), wanted)
                for name, wanted in resources[resource].config.items()
                if name not in actual or actual[name].value != wanted
            }
            if settings:
                drifted[resources[resource].name] = settings
        return drifted

    def _answer(self, topic: str, future: "Future[Answer]") -> Answer:
        try:
            return future.result()
        except KafkaException as error:
            if error.args[0].code() in (*_UNREACHABLE, *_REFUSED):
                raise self._unreachable() from error
            if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise _NotKnownEverywhere("a topic is so new that not all brokers know it") from error
            raise KafkaRefuses(topic, error.args[0]) from error

    def _unreachable(self) -> KafkaUnreachable:
        self._client.poll(0)
        if self._refusal.reason is not None:
            return KafkaUnreachable(f"no connection to Kafka at {self._bootstrap_servers}: {self._refusal.reason}")
        return KafkaUnreachable(f"no Kafka broker answers at {self._bootstrap_servers}")
