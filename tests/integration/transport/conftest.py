"""A Kafka that tests pause, kill and start again, and topics of a test's own."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from ops.local.kafka import LocalKafka
from schemas.topics import Topic
from tests.conftest import PARTITIONS, without_its_programs_skipped
from tests.standing_still import go_on, stand_still
from transport.connection import KafkaConnection
from transport.topics import TopicAdmin

_KEPT = {"cleanup.policy": "delete", "max.message.bytes": str(1024 * 1024)}

MakeTopic = Callable[[str], str]


def a_topic(partitions: int = PARTITIONS, **config: str) -> Topic:
    """A topic that no other test has; settings are given with underscores."""
    settings = {**_KEPT, **{name.replace("_", "."): value for name, value in config.items()}}
    return Topic(f"test.transport.{uuid.uuid4()}", partitions, 1, settings)


@pytest.fixture
def make_topic() -> MakeTopic:
    """Makes a new topic that takes 1 MiB a message, compressed, at these bootstrap servers; returns its name."""

    def make(bootstrap_servers: str) -> str:
        topic = a_topic()
        TopicAdmin(KafkaConnection(bootstrap_servers)).apply([topic])
        return topic.name

    return make


@pytest.fixture(scope="package")
def disturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """A Kafka that each test leaves running: always a process."""
    broker = LocalKafka(tmp_path_factory.mktemp("disturbed"))
    with without_its_programs_skipped():
        broker.start()
    yield broker
    broker.stop()


def pause(broker: LocalKafka) -> None:
    """Its connections stay, and nothing answers on them."""
    for pid in broker.pids:
        stand_still(pid)


@contextmanager
def resumed_afterwards(broker: LocalKafka) -> Iterator[None]:
    """It answers again in the end, whatever happens."""
    try:
        yield
    finally:
        for pid in broker.pids:
            go_on(pid)


@contextmanager
def paused(broker: LocalKafka) -> Iterator[None]:
    """A pause that ends."""
    with resumed_afterwards(broker):
        pause(broker)
        yield
