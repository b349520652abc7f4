"""The status table at the end of a real topic: what it has read, over restarts and whatever becomes of the topic.

Several topics at once are in test_several_topics.py.
"""

import asyncio
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from gateway.materialised.database import Database
from gateway.materialised.follower import TableBehind, TopicsFollower
from gateway.materialised.subscriptions import Subscriptions
from gateway.materialised.topic_rows import Changes, Held
from gateway.status_table.rows import EndedMarker, Row, StatusRow
from gateway.status_table.status_rows import StatusRecord, StatusRows
from gateway.status_table.table import StatusTable
from schemas.events import task_status
from schemas.identifiers import new_task_id
from schemas.tasks import TaskState, TaskStatus, in_step
from schemas.topics import Topic
from tests.full_disk import full_disk
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
        self._admin = TopicAdmin(KafkaConnection(kafka))
        self._admin.apply([self._topic])
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

    async def tell_garbage(self, key: bytes) -> None:
        """Publish what is no status."""
        await self._publisher.publish_raw(self.name, key, b"\xff garbage", [])

    def forget_the_first(self, records: int) -> None:
        """Delete so many of each partition."""
        first = [TopicPartition(self.name, partition, records) for partition in range(PARTITIONS)]
        client = AdminClient({"bootstrap.servers": self.kafka})
        for deleted in client.delete_records(first).values():
            deleted.result(10)

    def is_made_anew(self) -> None:
        """Delete the topic and create one of the same name."""
        self._publisher.close()
        client = AdminClient({"bootstrap.servers": self.kafka})
        for deleted in client.delete_topics([self.name]).values():
            deleted.result(10)
        # The broker may still be deleting the old one when it is asked for the new.
        eventually(lambda: self._admin.apply([self._topic]), within=20, what="the topic made anew")
        self._publisher = self._new_publisher()

    def close(self) -> None:
        """Let go of the producer."""
        self._publisher.close()

    def _new_publisher(self) -> KafkaPublisher:
        publisher = KafkaPublisher(KafkaConnection(self.kafka), client_id="test", delivery_timeout=10)
        eventually(lambda: publisher.available, within=20, what="Kafka is reached")
        return publisher


@pytest.fixture
def topic(kafka: str) -> Iterator[StatusTopic]:
    told = StatusTopic(kafka)
    yield told
    told.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "table"


def _at_rest(topic: StatusTopic, folder: Path, database_type: Callable[[Path], Database] = Database) -> Following:
    database, rows = database_type(folder), ObservedRows(topic.name)
    connection = KafkaConnection(topic.kafka)
    return Following(database, rows, TopicsFollower(database, [rows], connection=connection, partitions=PARTITIONS))


@contextmanager
def _following(
    topic: StatusTopic, folder: Path, database_type: Callable[[Path], Database] = Database
) -> Iterator[Following]:
    following = _at_rest(topic, folder, database_type)
    following.follower.start()
    try:
        yield following
    finally:
        following.follower.stop()
        following.database.close()


def _is_there(table: StatusTable, task_id: str) -> bool:
    return isinstance(table.get(task_id), StatusRow)


# Catching up


async def test_what_was_acknowledged_before_is_in_the_table_after_catching_up(topic: StatusTopic, folder: Path) -> None:
    with _following(topic, folder) as live:
        for _ in range(100):
            task_id = await topic.tell()
            await live.catch_up()
            assert _is_there(live.table, task_id)


async def test_many_readers_catch_up_at_once_each_with_what_it_knows_of(topic: StatusTopic, folder: Path) -> None:
    with _following(topic, folder) as live:

        async def tell_and_read() -> bool:
            task_id = await topic.tell()
            await live.catch_up()
            return _is_there(live.table, task_id)

        assert all(await asyncio.gather(*(tell_and_read() for _ in range(300))))


async def test_an_empty_topic_is_caught_up_with(topic: StatusTopic, folder: Path) -> None:
    with _following(topic, folder) as live:
        await live.catch_up()
        eventually(lambda: live.follower.fault() is None, within=10, what="the end of an empty topic")
        assert live.rows.given == []


async def test_a_table_that_was_never_at_the_end_says_so_and_then_no_longer(topic: StatusTopic, folder: Path) -> None:
    await topic.tell()
    live = _at_rest(topic, folder)
    assert live.follower.fault() is not None
    live.follower.start()
    eventually(lambda: live.follower.fault() is None, within=10, what="the end of the topic")
    live.follower.stop()
    assert len(live.rows.given) == 1
    live.database.close()


async def test_without_kafka_nobody_is_told_that_the_table_holds_all(folder: Path) -> None:
    database, rows = Database(folder), ObservedRows("any")
    nowhere = KafkaConnection("127.0.0.1:1")
    follower = TopicsFollower(database, [rows], connection=nowhere, partitions=PARTITIONS)
    follower.start()
    with pytest.raises(TableBehind):
        await follower.catch_up("any")
    assert follower.fault() is not None
    follower.stop()
    database.close()


# What is read


async def test_the_newest_status_the_owner_and_tombstones_come_through(topic: StatusTopic, folder: Path) -> None:
    with _following(topic, folder) as live:
        running, ended = await topic.tell(), await topic.tell(owner=None)
        await topic.tell(a_status(TaskState.PROGRESS, task_id=running, progress=in_step(3)))
        await topic.tombstone(ended)
        await live.catch_up()
        row = live.table.get(running)
        assert isinstance(row, StatusRow)
        assert (row.order, row.owner) == ((1, 3), "key-1")
        assert TaskStatus.model_validate_json(row.body).progress == in_step(3)
        assert isinstance(live.table.get(ended), EndedMarker)


@pytest.mark.parametrize("key", [b"not-a-task", b"\xff"])
async def test_a_record_that_is_no_status_is_passed_over(topic: StatusTopic, folder: Path, key: bytes) -> None:
    with _following(topic, folder) as live:
        await topic.tell_garbage(key)
        task_ids = [await topic.tell() for _ in range(10)]
        await live.catch_up()
        assert all(_is_there(live.table, task_id) for task_id in task_ids)
        assert sorted(live.rows.given) == sorted(task_ids)


async def test_no_consumer_group_appears_on_the_broker(topic: StatusTopic, folder: Path) -> None:
    client = AdminClient({"bootstrap.servers": topic.kafka})
    with _following(topic, folder) as live:
        await topic.tell()
        await live.catch_up()
    # Looked for at the end: a consumer would commit when it is closed, at the latest.
    groups = client.list_consumer_groups(request_timeout=10).result()
    assert not groups.errors
    assert "sigmak-status-table" not in {group.group_id for group in groups.valid}


# Restarts


async def test_after_a_restart_the_table_goes_on_where_it_stopped_and_reads_no_record_twice(
    topic: StatusTopic, folder: Path
) -> None:
    with _following(topic, folder) as live:
        before = [await topic.tell() for _ in range(20)]
        await live.catch_up()
    meanwhile = [await topic.tell() for _ in range(5)]
    with _following(topic, folder) as live:
        await live.catch_up()
        assert sorted(live.rows.given) == sorted(meanwhile)
        assert all(_is_there(live.table, task_id) for task_id in [*before, *meanwhile])


async def test_a_deleted_folder_is_rebuilt_from_the_topic(topic: StatusTopic, folder: Path) -> None:
    with _following(topic, folder) as live:
        told = [await topic.tell() for _ in range(20)]
        await live.catch_up()
    shutil.rmtree(folder)
    with _following(topic, folder) as live:
        await live.catch_up()
        assert all(_is_there(live.table, task_id) for task_id in told)


class _ObservedWrites(Database):
    """Notes of each write whether it was one of its filling."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.filling: list[bool] = []

    def write(self, writes: Mapping[bytes, bytes | None], *, filling: bool = False) -> None:
        """Note it, and write."""
        self.filling.append(filling)
        super().write(writes, filling=filling)


async def test_a_table_is_filled_until_it_is_at_the_topics_end_and_then_written_to_as_statuses_come(
    topic: StatusTopic, folder: Path
) -> None:
    for _ in range(20):
        await topic.tell()
    with _following(topic, folder, _ObservedWrites) as live:
        database = live.database
        assert isinstance(database, _ObservedWrites)
        eventually(lambda: live.follower.fault() is None, within=10, what="the end of the topic")
        await topic.tell()
        await live.catch_up()
        assert set(database.filling) == {True, False}
        assert database.filling == sorted(database.filling, reverse=True)


async def test_a_table_whose_gateway_was_killed_after_it_was_filled_lacks_nothing(
    topic: StatusTopic, folder: Path, tmp_path: Path
) -> None:
    told = [await topic.tell() for _ in range(20)]
    with _following(topic, folder) as live:
        eventually(lambda: live.follower.fault() is None, within=10, what="the end of the topic")
        told.append(await topic.tell())
        await live.catch_up()
        killed = shutil.copytree(folder, tmp_path / "killed")
    with _following(topic, killed) as live:
        await live.catch_up()
        assert all(_is_there(live.table, task_id) for task_id in told)
        assert live.rows.given == []


async def test_a_topic_whose_first_records_were_deleted_is_read_from_where_it_begins_now(
    kafka: str, folder: Path
) -> None:
    topic = StatusTopic(kafka, cleanup="compact,delete")
    told = [await topic.tell() for _ in range(40)]
    topic.forget_the_first(3)
    with _following(topic, folder) as live:
        eventually(lambda: live.follower.fault() is None, within=10, what="the end of the topic")
        await live.catch_up()
        assert sum(_is_there(live.table, task_id) for task_id in told) == 40 - PARTITIONS * 3
        assert len(live.rows.given) == 40 - PARTITIONS * 3
    topic.close()


# Topics that are made anew


# With more records than before the stored offsets look valid, with fewer they are out of range.
_RECORDS_OF_THE_NEW_TOPIC = [1, 40]


@pytest.mark.parametrize("records", _RECORDS_OF_THE_NEW_TOPIC)
async def test_a_topic_that_was_made_anew_meanwhile_replaces_what_the_table_holds(
    topic: StatusTopic, folder: Path, records: int
) -> None:
    with _following(topic, folder) as live:
        old = await topic.tell()
        await live.catch_up()
    topic.is_made_anew()
    new = [await topic.tell() for _ in range(records)]
    with _following(topic, folder) as live:
        eventually(lambda: live.follower.fault() is None, within=10, what="the end of the new topic")
        await live.catch_up()
        assert all(_is_there(live.table, task_id) for task_id in new)
        assert live.table.get(old) is None


@pytest.mark.parametrize("records", _RECORDS_OF_THE_NEW_TOPIC)
async def test_a_topic_that_is_made_anew_while_it_is_followed_replaces_what_the_table_holds(
    topic: StatusTopic, folder: Path, records: int
) -> None:
    with _following(topic, folder) as live:
        old = [await topic.tell() for _ in range(5)]
        await live.catch_up()
        topic.is_made_anew()
        new = [await topic.tell() for _ in range(records)]
        eventually(
            lambda: all(_is_there(live.table, task_id) for task_id in new) and not any(live.table.get(task) for task in old),
            within=20,
            what="the new topic's tasks only",
        )  # fmt: skip


class _HeldUpWhenCleared(Database):
    """Its rows are gone, and nothing else goes on until the test says so."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.cleared, self.go_on = threading.Event(), threading.Event()

    def clear(self, prefix: bytes) -> None:
        """Clear and wait."""
        super().clear(prefix)
        self.cleared.set()
        assert self.go_on.wait(20)


async def test_while_the_table_is_rebuilt_nobody_is_told_that_it_holds_all(topic: StatusTopic, folder: Path) -> None:
    with _following(topic, folder, _HeldUpWhenCleared) as live:
        table = live.database
        assert isinstance(table, _HeldUpWhenCleared)
        for _ in range(20):
            await topic.tell()
        await live.catch_up()
        topic.is_made_anew()
        new = await topic.tell()
        assert await asyncio.to_thread(table.cleared.wait, 20)
        catching_up = asyncio.create_task(live.catch_up())
        await asyncio.wait([catching_up], timeout=0.5)
        was_told, fault = catching_up.done(), live.follower.fault()
        table.go_on.set()
        await catching_up
        assert not was_told
        assert fault is not None
        assert _is_there(live.table, new)


# A full disk


class _HeldUpWhenMended(Database):
    """It was opened anew, and nothing else goes on until the test says so."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.mended, self.go_on = threading.Event(), threading.Event()

    def mend(self) -> None:
        """Mend and wait."""
        super().mend()
        self.mended.set()
        assert self.go_on.wait(20)


async def test_while_a_table_that_was_damaged_on_a_full_disk_is_rebuilt_nobody_is_told_that_it_holds_all(
    topic: StatusTopic, folder: Path
) -> None:
    with _following(topic, folder, _HeldUpWhenMended) as live:
        database = live.database
        assert isinstance(database, _HeldUpWhenMended)
        before = await topic.tell()
        await live.catch_up()
        with full_disk():  # found out when the table is noted to be up to date
            await asyncio.to_thread(eventually, live.follower.fault, within=20, what="the table can't be written")
            (folder / "CURRENT").unlink()
        assert await asyncio.to_thread(database.mended.wait, 20)
        assert live.table.get(before) is None
        catching_up = asyncio.create_task(live.catch_up())
        await asyncio.wait([catching_up], timeout=0.5)
        was_told = catching_up.done()
        database.go_on.set()
        await catching_up
        assert not was_told
        assert _is_there(live.table, before)
