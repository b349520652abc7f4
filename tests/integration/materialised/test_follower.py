"""The status table at the end of a real topic: what it has read, and what it says of that.

Several topics at once are in test_several_topics.py.
"""

import asyncio
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from gateway.materialised.database import Database
from gateway.materialised.follower import TableBehind, TopicsFollower
from gateway.status_table.rows import EndedMarker, StatusRow
from schemas.identifiers import new_task_id
from schemas.tasks import TaskState, TaskStatus, in_step
from tests.integration.materialised.status_topic import (
    PARTITIONS,
    ObservedRows,
    StatusTopic,
    at_rest,
    following,
    is_there,
)
from tests.unit.examples import a_status
from tests.waiting import eventually
from transport.connection import KafkaConnection

# Catching up


async def test_what_was_acknowledged_before_is_in_the_table_after_catching_up(topic: StatusTopic, folder: Path) -> None:
    with following(topic, folder) as live:
        for _ in range(100):
            task_id = await topic.tell()
            await live.catch_up()
            assert is_there(live.table, task_id)


async def test_many_readers_catch_up_at_once_each_with_what_it_knows_of(topic: StatusTopic, folder: Path) -> None:
    with following(topic, folder) as live:

        async def tell_and_read() -> bool:
            task_id = await topic.tell()
            await live.catch_up()
            return is_there(live.table, task_id)

        assert all(await asyncio.gather(*(tell_and_read() for _ in range(300))))


async def test_an_empty_topic_is_caught_up_with(topic: StatusTopic, folder: Path) -> None:
    with following(topic, folder) as live:
        await live.catch_up()
        eventually(lambda: live.follower.fault() is None, within=10, what="the end of an empty topic")
        assert live.rows.given == []


class _ObservedClearing(Database):
    """Notes whether its follower says that it has caught up when its rows go."""

    follower: TopicsFollower

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.caught_up_when_cleared: list[bool] = []

    def clear(self, prefix: bytes) -> None:
        """Note it, and clear."""
        self.caught_up_when_cleared.append(self.follower.has_caught_up)
        super().clear(prefix)


async def test_rows_may_be_older_than_was_told_until_they_were_at_the_end_once(
    topic: StatusTopic, folder: Path
) -> None:
    await topic.tell()
    assert not at_rest(topic, folder / "not followed").follower.has_caught_up
    with following(topic, folder, _ObservedClearing) as live:
        assert isinstance(live.database, _ObservedClearing)
        live.database.follower = live.follower
        eventually(lambda: live.follower.has_caught_up, within=10, what="the end of the topic")
        topic.is_made_anew()
        await topic.tell()
        database = live.database
        eventually(lambda: database.caught_up_when_cleared, within=20, what="the rows are begun anew")
        assert database.caught_up_when_cleared == [False]
        eventually(lambda: live.follower.has_caught_up, within=20, what="the end of the topic")


async def test_a_table_that_was_never_at_the_end_says_so_and_then_no_longer(topic: StatusTopic, folder: Path) -> None:
    await topic.tell()
    live = at_rest(topic, folder)
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
    with following(topic, folder) as live:
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
    with following(topic, folder) as live:
        await topic.tell_garbage(key)
        task_ids = [await topic.tell() for _ in range(10)]
        await live.catch_up()
        assert all(is_there(live.table, task_id) for task_id in task_ids)
        assert sorted(live.rows.given) == sorted(task_ids)


@pytest.mark.parametrize("owner", [b"key-1", None], ids=["owned", "null header"])
@pytest.mark.parametrize(
    "unknown",
    [b"null", b"[" * 2000 + b"]" * 2000, b"NaN", b"9" * 5000],
    ids=["nothing", "deep brackets", "not a number", "a long number"],
)
async def test_whatever_a_foreign_record_holds_the_table_follows_on(
    topic: StatusTopic, folder: Path, unknown: bytes, owner: bytes | None
) -> None:
    status = a_status(TaskState.SUCCESS, task_id=new_task_id()).model_dump_json(exclude={"result"}).encode()
    with following(topic, folder) as live:
        await topic.tell_garbage(b"foreign", status[:-1] + b',"result":{"x":' + unknown + b"}}", owner)
        task_id = await topic.tell()
        await live.catch_up()
        assert is_there(live.table, task_id)


async def test_no_consumer_group_appears_on_the_broker(topic: StatusTopic, folder: Path) -> None:
    client = AdminClient({"bootstrap.servers": topic.kafka})
    with following(topic, folder) as live:
        await topic.tell()
        await live.catch_up()
    # Looked for at the end: a consumer would commit when it is closed, at the latest.
    groups = client.list_consumer_groups(request_timeout=10).result()
    assert not groups.errors
    assert "sigmak-status-table" not in {group.group_id for group in groups.valid}
