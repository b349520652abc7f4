"""A gateway's table over restarts: it goes on where it stopped, or is filled anew."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from gateway.materialised.database import Database
from tests.integration.materialised.status_topic import PARTITIONS, StatusTopic, following, is_there
from tests.waiting import eventually


async def test_after_a_restart_the_table_goes_on_where_it_stopped_and_reads_no_record_twice(
    topic: StatusTopic, folder: Path
) -> None:
    with following(topic, folder) as live:
        before = [await topic.tell() for _ in range(20)]
        await live.catch_up()
    meanwhile = [await topic.tell() for _ in range(5)]
    with following(topic, folder) as live:
        await live.catch_up()
        assert sorted(live.rows.given) == sorted(meanwhile)
        assert all(is_there(live.table, task_id) for task_id in [*before, *meanwhile])


async def test_a_deleted_folder_is_rebuilt_from_the_topic(topic: StatusTopic, folder: Path) -> None:
    with following(topic, folder) as live:
        told = [await topic.tell() for _ in range(20)]
        await live.catch_up()
    shutil.rmtree(folder)
    with following(topic, folder) as live:
        await live.catch_up()
        assert all(is_there(live.table, task_id) for task_id in told)


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
    with following(topic, folder, _ObservedWrites) as live:
        database = live.database
        assert isinstance(database, _ObservedWrites)
        eventually(lambda: live.follower.fault() is None, within=10, what="the end of the topic")
        await topic.tell()
        await live.catch_up()
        assert set(database.filling) == {True, False}
        assert database.filling == sorted(database.filling, reverse=True)


async def test_a_table_whose_gateway_was_killed_lacks_nothing(topic: StatusTopic, folder: Path, tmp_path: Path) -> None:
    told = [await topic.tell() for _ in range(20)]
    with following(topic, folder) as live:
        eventually(lambda: live.follower.fault() is None, within=10, what="the end of the topic")
        told.append(await topic.tell())
        await live.catch_up()
        killed = shutil.copytree(folder, tmp_path / "killed")
    with following(topic, killed) as live:
        await live.catch_up()
        assert all(is_there(live.table, task_id) for task_id in told)


async def test_a_topic_whose_first_records_were_deleted_is_read_from_where_it_begins_now(
    kafka: str, folder: Path
) -> None:
    topic = StatusTopic(kafka, cleanup="compact,delete")
    told = [await topic.tell() for _ in range(40)]
    topic.forget_the_first(3)
    with following(topic, folder) as live:
        eventually(lambda: live.follower.fault() is None, within=10, what="the end of the topic")
        await live.catch_up()
        assert sum(is_there(live.table, task_id) for task_id in told) == 40 - PARTITIONS * 3
        assert len(live.rows.given) == 40 - PARTITIONS * 3
    topic.close()
