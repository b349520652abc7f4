"""A status topic of a test's own, and a gateway's table that follows it."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from gateway.materialised.database import Database
from gateway.materialised.follower import TopicsFollower
from gateway.materialised.subscriptions import Subscriptions
from gateway.materialised.topic_rows import Changes, Held
from gateway.status_table.rows import Row, StatusRow
from gateway.status_table.status_rows import StatusRecord, StatusRows
from gateway.status_table.table import StatusTable
from schemas.envelope import OWNER_HEADER
from schemas.events import task_status
from schemas.identifiers import new_task_id
from schemas.tasks import TaskStatus
from schemas.topics import Topic
from tests.integration.materialised.topics import make_anew
from tests.unit.examples import NOON, a_status
from tests.waiting import eventually
from transport.connection import KafkaConnection
from transport.publisher import KafkaPublisher
from transport.topics import TopicAdmin

PARTITIONS = 3


class ObservedRows(StatusRows):
    """Notes which tasks' records it was given."""

    def __init__(self, topic: str) -> None:
        super().__init__(topic, Subscriptions())
        self.given: list[str] = []

    def fold(self, items: Sequence[StatusRecord], held: Held, now: datetime) -> Changes[Row]:
        """Note them, and take them."""
        self.given += [record.task_id for record in items]
        return super().fold(items, held, now)


@dataclass
class Following:
    """One life of a gateway's table."""

    database: Database
    rows: ObservedRows
    follower: TopicsFollower

    @property
    def table(self) -> StatusTable:
        """What it answers."""
        return StatusTable(self.database)

    async def catch_up(self) -> None:
        """Bring it up to the end of the topic."""
        await self.follower.catch_up(self.rows.topic)


class StatusTopic:
    """A status topic of a test's own, and what is told on it."""

    def __init__(self, kafka: str, *, cleanup: str = "compact") -> None:
        self.kafka = kafka
        self._topic = Topic(f"test.statuses.{uuid.uuid4()}", PARTITIONS, 1, {"cleanup.policy": cleanup})
        self.name = self._topic.name
        TopicAdmin(KafkaConnection(kafka)).apply([self._topic])
        self._publisher = self._new_publisher()

    async def tell(self, status: TaskStatus | None = None, *, owner: str | None = "key-1") -> str:
        """Publish a status, of a new task unless one is given; returns the task id once it is acknowledged."""
        status = status or a_status(task_id=new_task_id())
        event = task_status(status, source="/test", time=NOON, owner=owner)
        await self._publisher.publish(self.name, status.task_id, event)
        return status.task_id

    async def tombstone(self, task_id: str) -> None:
        """Delete a task's status."""
        await self._publisher.publish(self.name, task_id, None)

    async def tell_garbage(self, key: bytes, value: bytes = b"\xff garbage", owner: bytes | None = b"key-1") -> None:
        """Publish what none of our processes does. A header may be null in Kafka."""
        await self._publisher.publish_raw(self.name, key, value, [(OWNER_HEADER, cast("bytes", owner))])

    def forget_the_first(self, records: int) -> None:
        """Delete so many of each partition."""
        first = [TopicPartition(self.name, partition, records) for partition in range(PARTITIONS)]
        client = AdminClient({"bootstrap.servers": self.kafka})
        for deleted in client.delete_records(first).values():
            deleted.result(10)

    def is_made_anew(self) -> None:
        """Delete the topic and create one of the same name."""
        self._publisher.close()
        make_anew(self.kafka, self._topic)
        self._publisher = self._new_publisher()

    def close(self) -> None:
        """Let go of the producer."""
        self._publisher.close()

    def _new_publisher(self) -> KafkaPublisher:
        publisher = KafkaPublisher(KafkaConnection(self.kafka), client_id="test", delivery_timeout=10)
        eventually(lambda: publisher.available, within=20, what="Kafka is reached")
        return publisher


def at_rest(topic: StatusTopic, folder: Path, database_type: Callable[[Path], Database] = Database) -> Following:
    """A table that does not follow the topic yet."""
    database, rows = database_type(folder), ObservedRows(topic.name)
    connection = KafkaConnection(topic.kafka)
    return Following(database, rows, TopicsFollower(database, [rows], connection=connection, partitions=PARTITIONS))


@contextmanager
def following(
    topic: StatusTopic, folder: Path, database_type: Callable[[Path], Database] = Database
) -> Iterator[Following]:
    """A table that follows the topic until the block ends."""
    live = at_rest(topic, folder, database_type)
    live.follower.start()
    try:
        yield live
    finally:
        live.follower.stop()
        live.database.close()


def is_there(table: StatusTable, task_id: str) -> bool:
    """Whether the table holds its status."""
    return isinstance(table.get(task_id), StatusRow)
