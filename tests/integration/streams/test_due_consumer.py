"""Records that wait for a time, on a real Kafka."""

import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from streams.due_consumer import DueConsumer
from streams.incoming import FilingRecord
from tests.waiting import eventually
from transport.connection import KafkaConnection

PARTITIONS = 4
LATE = 2.0
"""Twice the promised second."""


def now() -> datetime:
    return datetime.now(UTC)


def due_at(record: FilingRecord) -> datetime:
    return datetime.fromisoformat(dict(record.headers)["due"].decode())


class Topic:
    """A topic of the test's own, and who reads it."""

    def __init__(self, kafka: str) -> None:
        self.kafka, self.name = kafka, f"waiting-{uuid.uuid4().hex[:8]}"
        self._consumers: list[DueConsumer] = []
        self._producer = Producer({"bootstrap.servers": kafka})
        admin = AdminClient({"bootstrap.servers": kafka})
        admin.create_topics([NewTopic(self.name, PARTITIONS)])[self.name].result(10)

    def send(self, *waits: float, partition: int = 0, value: bytes = b"x") -> None:
        """Records that are due in so many seconds."""
        for wait in waits:
            due = (now() + timedelta(seconds=wait)).isoformat()
            self._producer.produce(self.name, value, partition=partition, headers=[("due", due.encode())])
        assert self._producer.flush(20) == 0

    def reader(self) -> DueConsumer:
        """A member of the one group that reads it."""
        consumer = DueConsumer(KafkaConnection(self.kafka), group=self.name, topics=[self.name], due_at=due_at, now=now)
        self._consumers.append(consumer)
        return consumer

    def close(self) -> None:
        for consumer in self._consumers:
            consumer.close()


@pytest.fixture
def topic(kafka: str) -> Iterator[Topic]:
    topic = Topic(kafka)
    yield topic
    topic.close()


def taken(consumer: DueConsumer, count: int, *, within: float = 20.0) -> list[FilingRecord]:
    """The next records, as soon as there are so many."""
    found: list[FilingRecord] = []

    def enough() -> bool:
        found.extend(consumer.take(0.5))
        return len(found) >= count

    eventually(enough, within=within, what=f"{count} records")
    return found


def joined(consumer: DueConsumer, topic: Topic) -> None:
    """Read a first record of partition 0, which shows that the consumer has its partitions."""
    topic.send(0)
    consumer.commit(taken(consumer, 1))


def test_a_record_is_handed_out_when_it_is_due_not_earlier_and_at_most_a_second_later(topic: Topic) -> None:
    consumer = topic.reader()
    joined(consumer, topic)
    topic.send(1.5)
    [record] = taken(consumer, 1)
    assert 0 <= (now() - due_at(record)).total_seconds() < LATE


def test_a_record_that_is_due_is_not_held_up_by_one_of_another_partition_that_is_not(topic: Topic) -> None:
    consumer = topic.reader()
    topic.send(3600, partition=0)
    topic.send(0, partition=1)
    assert [record.partition for record in taken(consumer, 1)] == [1]


def test_what_waits_behind_the_head_comes_after_it_in_order(topic: Topic) -> None:
    consumer = topic.reader()
    joined(consumer, topic)
    topic.send(1.0, 0.5, 0.0)
    assert [record.offset for record in taken(consumer, 3)] == [1, 2, 3]


def test_what_was_committed_is_not_handed_out_to_the_next_reader_and_what_was_not_is(topic: Topic) -> None:
    first = topic.reader()
    topic.send(0, 0, 0)
    consumed = taken(first, 3)
    first.commit(consumed[:2])
    first.close()
    assert [record.offset for record in taken(topic.reader(), 1)] == [2]


def test_a_record_that_was_held_when_its_reader_left_waits_on_with_the_next_one(topic: Topic) -> None:
    first = topic.reader()
    joined(first, topic)
    topic.send(1.5)
    eventually(lambda: not first.take(0.2) and first.held, within=10, what="the record is held back")
    first.close()
    [record] = taken(topic.reader(), 1)
    assert now() >= due_at(record)


def test_of_thousands_that_wait_each_partitions_head_is_held_alone(topic: Topic) -> None:
    consumer = topic.reader()
    for partition in range(PARTITIONS):
        topic.send(*[3600.0] * 1000, partition=partition, value=bytes(10_000))
    until = time.monotonic() + 3
    while time.monotonic() < until:
        assert consumer.take(0.2) == []
    assert consumer.held == PARTITIONS


def test_it_tells_how_late_the_oldest_held_record_is(topic: Topic) -> None:
    consumer = topic.reader()
    joined(consumer, topic)
    topic.send(2.0)
    eventually(lambda: consumer.take(0.1) == [] and consumer.held, within=20, what="the record is held back")
    assert consumer.overdue() == 0
    eventually(lambda: consumer.overdue() > 0, within=5, what="it is overdue while nobody takes it")


def test_a_held_partition_that_went_to_another_reader_and_came_back_is_read_on(topic: Topic) -> None:
    first = topic.reader()
    joined(first, topic)
    for partition in range(PARTITIONS):
        topic.send(12.0, partition=partition)
    eventually(lambda: not first.take(0.1) and first.held == PARTITIONS, within=10, what="all heads are held back")
    second = topic.reader()
    eventually(lambda: not first.take(0.1) and not second.take(0.1) and second.held, within=20, what="some have moved")
    assert first.held < PARTITIONS
    second.close()
    found = taken(first, PARTITIONS, within=40)
    assert {record.partition for record in found} == set(range(PARTITIONS))
