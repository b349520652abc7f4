"""The producer of changelogs asks again for what Kafka does not tell, and hands on every other fault."""

from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError, UnknownTopicOrPartitionError
from faust.exceptions import ProducerSendError

from streams.agents.app import WorkerApp
from streams.agents.changelog_producer import ChangelogProducer
from streams.settings import WorkerSettings

RECORD = ("changelog", b"key", b"value", 0, None, None)


class Client:
    """aiokafka's producer, which fails first in these ways."""

    def __init__(self, *faults: KafkaError) -> None:
        self.faults = [*faults]
        self.sent: list[str] = []

    async def send(self, topic: str, *_: Any, **__: Any) -> str:
        if self.faults:
            raise self.faults.pop(0)
        self.sent.append(topic)
        return "sent"


async def _nothing() -> None:
    """A drain of nothing."""


@pytest.fixture
async def producer(tmp_path: Path) -> ChangelogProducer:
    producer = WorkerApp(WorkerSettings(worker_dir=tmp_path), _nothing).producer
    assert isinstance(producer, ChangelogProducer)
    return producer


async def test_partitions_that_kafka_does_not_tell_are_asked_for_again(producer: ChangelogProducer) -> None:
    client = Client(UnknownTopicOrPartitionError(), UnknownTopicOrPartitionError())
    producer._producer = client  # type: ignore[assignment]
    assert await producer.send(*RECORD) == "sent"
    assert client.sent == ["changelog"]


async def test_every_other_fault_ends_the_sending(producer: ChangelogProducer) -> None:
    producer._producer = Client(TopicAuthorizationFailedError("changelog"))  # type: ignore[assignment]
    with pytest.raises(ProducerSendError):
        await producer.send(*RECORD)


async def test_a_worker_that_stops_does_not_go_on_asking(producer: ChangelogProducer) -> None:
    producer._producer = Client(UnknownTopicOrPartitionError())  # type: ignore[assignment]
    producer._stopped.set()
    with pytest.raises(ProducerSendError):
        await producer.send(*RECORD)
