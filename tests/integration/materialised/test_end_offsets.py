"""Where topics end, asked of a real Kafka."""

import uuid
from collections.abc import Iterator

import pytest
from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from gateway.materialised.end_offsets import EndOffsetsClient
from transport.connection import KafkaConnection


@pytest.fixture
def client(kafka: str) -> Iterator[EndOffsetsClient]:
    client = EndOffsetsClient(KafkaConnection(kafka), timeout=3)
    yield client
    client.close()


@pytest.fixture
def topic(kafka: str) -> str:
    name = f"test.ends.{uuid.uuid4()}"
    admin = AdminClient({"bootstrap.servers": kafka})
    admin.create_topics([NewTopic(name, 2)])[name].result(10)
    return name


def test_each_partition_ends_behind_its_last_record(kafka: str, topic: str, client: EndOffsetsClient) -> None:
    assert client.ends(topic, 2) == {0: 0, 1: 0}
    producer = Producer({"bootstrap.servers": kafka})
    for _ in range(3):
        producer.produce(topic, b"value", partition=1)
        assert producer.flush(10) == 0
    assert client.ends(topic, 2) == {0: 0, 1: 3}


def test_a_topic_that_does_not_exist_has_no_end(client: EndOffsetsClient) -> None:
    with pytest.raises(KafkaException):
        client.ends(f"test.ends.{uuid.uuid4()}", 2)


def test_a_kafka_that_is_away_is_told_within_the_time_given() -> None:
    client = EndOffsetsClient(KafkaConnection("127.0.0.1:1"), timeout=0.5)
    with pytest.raises(KafkaException):
        client.ends("topic", 1)
    client.close()
