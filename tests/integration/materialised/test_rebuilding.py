"""A table whose topic was made anew, or whose files are damaged, is rebuilt, and meanwhile nobody is told that it holds all."""

import asyncio
import threading
from pathlib import Path

import pytest

from gateway.materialised.database import Database
from tests.full_disk import full_disk
from tests.integration.materialised.status_topic import StatusTopic, following, is_there
from tests.waiting import eventually

# With more records than before the stored offsets look valid, with fewer they are out of range.
_RECORDS_OF_THE_NEW_TOPIC = [1, 40]


@pytest.mark.parametrize("records", _RECORDS_OF_THE_NEW_TOPIC)
async def test_a_topic_that_was_made_anew_meanwhile_replaces_what_the_table_holds(
    topic: StatusTopic, folder: Path, records: int
) -> None:
    with following(topic, folder) as live:
        old = await topic.tell()
        await live.catch_up()
    topic.is_made_anew()
    new = [await topic.tell() for _ in range(records)]
    with following(topic, folder) as live:
        eventually(lambda: live.follower.fault() is None, within=10, what="the end of the new topic")
        await live.catch_up()
        assert all(is_there(live.table, task_id) for task_id in new)
        assert live.table.get(old) is None


@pytest.mark.parametrize("records", _RECORDS_OF_THE_NEW_TOPIC)
async def test_a_topic_that_is_made_anew_while_it_is_followed_replaces_what_the_table_holds(
    topic: StatusTopic, folder: Path, records: int
) -> None:
    with following(topic, folder) as live:
        old = [await topic.tell() for _ in range(5)]
        await live.catch_up()
        topic.is_made_anew()
        new = [await topic.tell() for _ in range(records)]
        eventually(
            lambda: all(is_there(live.table, task_id) for task_id in new) and not any(live.table.get(task) for task in old),
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
        assert self.go_on.wait(60)


async def test_while_the_table_is_rebuilt_nobody_is_told_that_it_holds_all(topic: StatusTopic, folder: Path) -> None:
    with following(topic, folder, _HeldUpWhenCleared) as live:
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
        assert is_there(live.table, new)


# A full disk


class _HeldUpWhenMended(Database):
    """It is damaged, is opened anew, and nothing else goes on until the test says so."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._current = folder / "CURRENT"
        self.mended, self.go_on = threading.Event(), threading.Event()

    def close(self) -> None:
        """Close it, as a damaged one where it is opened anew."""
        super().close()
        if not self.takes_writes:
            self._current.unlink()

    def mend(self) -> None:
        """Mend and wait."""
        super().mend()
        self.mended.set()
        assert self.go_on.wait(60)


async def test_while_a_table_that_was_damaged_on_a_full_disk_is_rebuilt_nobody_is_told_that_it_holds_all(
    topic: StatusTopic, folder: Path
) -> None:
    with following(topic, folder, _HeldUpWhenMended) as live:
        database = live.database
        assert isinstance(database, _HeldUpWhenMended)
        before = await topic.tell()
        await live.catch_up()
        with full_disk():  # found out when the table is noted to be up to date
            await asyncio.to_thread(eventually, live.follower.fault, within=20, what="the table can't be written")
        assert await asyncio.to_thread(database.mended.wait, 60)
        assert live.table.get(before) is None
        catching_up = asyncio.create_task(live.catch_up())
        await asyncio.wait([catching_up], timeout=0.5)
        was_told = catching_up.done()
        database.go_on.set()
        await catching_up
        assert not was_told
        assert is_there(live.table, before)
