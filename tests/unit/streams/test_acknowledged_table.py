"""What a Table tells, has on its disk and takes its disk to have, while its records are on their way."""

import asyncio
import weakref
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from faust.streams import _current_event
from faust.tables import TableManager
from faust.types import TP
from faust.types.tuples import FutureMessage, PendingMessage, RecordMetadata

from schemas.identifiers import derived_task_id, new_task_id
from schemas.topics import BATCH_MEMBERS, BATCHES_CHANGELOG
from streams.agents.acknowledged_table import AcknowledgedTable, NotOnDisk, remembered_for
from streams.agents.app import WorkerApp
from streams.settings import WorkerSettings
from tests.full_disk import full_disk
from tests.unit.examples import NOON

PARTITION = TP(BATCHES_CHANGELOG, 0)
KEY = new_task_id()


class Event(SimpleNamespace):
    """An event of partition 0, in the iteration of a stream."""


async def _nothing() -> None:
    """A drain of nothing."""


def a_table(folder: Path) -> AcknowledgedTable:
    """One that has partition 0, as after the worker's start."""
    app = WorkerApp(WorkerSettings(worker_dir=folder), _nothing)
    table = AcknowledgedTable.of(app, "batches", BATCHES_CHANGELOG)
    table.data._db_for_partition(0)
    table._verified_source_topics_for_partitions.add(BATCH_MEMBERS)
    return table


@pytest.fixture
async def table(tmp_path: Path) -> AsyncIterator[AcknowledgedTable]:
    event = Event(message=SimpleNamespace(topic=BATCH_MEMBERS, partition=0))
    token = _current_event.set(weakref.ref(event))
    yield a_table(tmp_path)
    _current_event.reset(token)


def acknowledge(table: AcknowledgedTable, sent: FutureMessage, offset: int) -> None:
    """As Faust does it, in its order."""
    sent.set_result(RecordMetadata(PARTITION.topic, PARTITION.partition, PARTITION, offset))
    table._on_changelog_sent(sent)


async def keep(table: AcknowledgedTable, value: str, key: str = KEY) -> tuple["asyncio.Task[None]", FutureMessage]:
    """Keep a value; its record is on its way."""
    keeping = asyncio.create_task(table.keep(key, value))
    await asyncio.sleep(0)
    return keeping, table.last_change


def died(table: AcknowledgedTable, folder: Path) -> AcknowledgedTable:
    """The next run of a worker that died: what is in memory is gone, its disk is as it was."""
    table.data._dbs.pop(0).close()
    return a_table(folder)


async def test_a_change_is_known_at_once_and_kept_when_its_record_is_acknowledged(table: AcknowledgedTable) -> None:
    keeping, sent = await keep(table, "value")
    assert table.known(KEY) == "value"
    assert table.keys_beginning(KEY[:8]) == [KEY]
    assert not keeping.done()
    acknowledge(table, sent, 0)
    await keeping
    assert table.known(KEY) == "value"
    assert table.keys_beginning(KEY[:8]) == [KEY]


async def test_who_dies_before_the_acknowledgement_knows_no_more_than_others(
    table: AcknowledgedTable, tmp_path: Path
) -> None:
    keeping, _ = await keep(table, "value")
    later = died(table, tmp_path)
    assert later.known(KEY) is None
    assert later.keys_beginning(KEY) == []
    keeping.cancel()


async def test_who_dies_after_the_acknowledgement_has_it_on_the_disk(table: AcknowledgedTable, tmp_path: Path) -> None:
    keeping, sent = await keep(table, "value")
    acknowledge(table, sent, 0)
    await keeping
    later = died(table, tmp_path)
    assert later.known(KEY) == "value"
    assert later.data.persisted_offset(PARTITION) == 0


async def test_of_two_changes_under_way_the_newer_is_known(table: AcknowledgedTable) -> None:
    first, sent_first = await keep(table, "first")
    second, sent_second = await keep(table, "second")
    acknowledge(table, sent_first, 0)
    await first
    assert table.known(KEY) == "second"
    acknowledge(table, sent_second, 1)
    await second
    assert table.known(KEY) == "second"


async def test_a_table_whose_disk_refused_a_change_tells_and_keeps_nothing_more_also_when_there_is_room_again(
    table: AcknowledgedTable,
) -> None:
    keeping, sent = await keep(table, "before")
    acknowledge(table, sent, 0)
    await keeping
    keeping, sent = await keep(table, "after")
    with full_disk():
        acknowledge(table, sent, 1)
    with pytest.raises(NotOnDisk):
        await keeping
    for ask in (table.known, table.keys_beginning):
        with pytest.raises(NotOnDisk):
            ask(KEY)
    for wait in (table.acknowledged(KEY), table.keep(KEY, "later")):
        with pytest.raises(NotOnDisk):
            await wait
    # Whoever begins anew reads it: the disk does not say that it has it.
    assert table.data.persisted_offset(PARTITION) == 0


async def test_a_record_of_a_partition_that_moved_away_is_left_to_its_recovery(
    table: AcknowledgedTable, tmp_path: Path
) -> None:
    keeping, sent = await keep(table, "value")
    table.data._dbs.pop(0).close()
    acknowledge(table, sent, 0)
    await keeping
    assert 0 not in table.data._dbs
    assert a_table(tmp_path).data.persisted_offset(PARTITION) is None


async def test_who_waits_for_all_waits_until_they_are_acknowledged_or_the_time_is_over(
    table: AcknowledgedTable,
) -> None:
    keeping, sent = await keep(table, "value")
    await table.settle(within=0.01)
    assert not keeping.done()
    settling = asyncio.create_task(table.settle(within=20))
    await asyncio.sleep(0)
    assert not settling.done()
    acknowledge(table, sent, 0)
    await settling
    await keeping
    await table.settle(within=20)


async def test_who_asks_for_a_key_waits_for_its_record_alone(table: AcknowledgedTable) -> None:
    others, sent_others = await keep(table, "value", derived_task_id(NOON, "other"))
    keeping, sent = await keep(table, "value", f"{KEY}/writer")
    asking = asyncio.create_task(table.acknowledged(KEY))
    await asyncio.sleep(0.05)
    assert not asking.done()
    acknowledge(table, sent, 1)
    await asking
    assert not others.done()
    acknowledge(table, sent_others, 0)
    await asyncio.gather(keeping, others)
    await table.acknowledged(KEY)


async def test_who_asks_for_a_key_whose_record_the_broker_does_not_take_is_told(table: AcknowledgedTable) -> None:
    keeping, sent = await keep(table, "value")
    asking = asyncio.create_task(table.acknowledged(KEY))
    await asyncio.sleep(0)
    sent.set_exception(ConnectionError("gone"))
    with pytest.raises(ConnectionError):
        await asking
    with pytest.raises(ConnectionError):
        await keeping
    assert table.known(KEY) is None


async def test_a_record_is_under_way_although_who_sent_it_was_cancelled(
    table: AcknowledgedTable, tmp_path: Path
) -> None:
    keeping, sent = await keep(table, "value")
    asking = asyncio.create_task(table.acknowledged(KEY))
    await asyncio.sleep(0)
    for each in (keeping, asking):
        each.cancel()
    await asyncio.wait([keeping, asking])
    assert table.known(KEY) == "value"
    acknowledge(table, sent, 0)
    await asyncio.sleep(0)
    later = died(table, tmp_path)
    assert later.known(KEY) == "value"


async def test_at_a_rebalance_tables_are_recovered_behind_what_was_under_way(
    table: AcknowledgedTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    recovering = asyncio.Event()

    async def recover(*_: object) -> None:
        recovering.set()

    monkeypatch.setattr(TableManager, "on_rebalance", recover)
    keeping, sent = await keep(table, "value")
    rebalancing = asyncio.create_task(table.app.tables.on_rebalance(set(), set(), set()))
    await asyncio.sleep(0.05)
    assert not recovering.is_set()
    acknowledge(table, sent, 0)
    await rebalancing
    assert recovering.is_set()
    await keeping


async def test_what_is_old_is_forgotten_and_what_is_not_stays(table: AcknowledgedTable) -> None:
    old = f"{derived_task_id(NOON, 'old')}/writer"
    for offset, key in enumerate((old, KEY)):
        keeping, sent = await keep(table, "value", key)
        acknowledge(table, sent, offset)
        await keeping
    table.forget_older_than(NOON + timedelta(seconds=1))
    assert [table.known(key) for key in (old, KEY)] == [None, "value"]


def test_an_outcome_is_remembered_for_that_comes_as_late_as_it_may() -> None:
    kept = timedelta(days=30)
    assert remembered_for(kept) > 2 * kept
    assert remembered_for(timedelta(seconds=1)) > timedelta(minutes=1)


def _acknowledged(table: AcknowledgedTable, *offsets: int) -> int | None:
    """What the store is taken to have once records of ours came to stand at these offsets."""
    for offset in offsets:
        record = PendingMessage(table.changelog_topic, b"key", b"value", 0, None, None, None, None, None)
        acknowledge(table, FutureMessage(record), offset)
    return table.data.persisted_offset(PARTITION)


async def test_records_of_ours_alone_are_all_there(table: AcknowledgedTable) -> None:
    assert _acknowledged(table, 0, 1, 2) == 2


async def test_behind_what_was_recovered_the_next_of_ours_is_there(table: AcknowledgedTable) -> None:
    table.data.set_persisted_offset(PARTITION, 29)
    assert _acknowledged(table, 30, 31) == 31


async def test_what_another_worker_wrote_before_ours_is_yet_to_be_read(table: AcknowledgedTable) -> None:
    table.data.set_persisted_offset(PARTITION, 6)
    assert _acknowledged(table, 7, 30, 31) == 7


async def test_a_store_without_a_record_has_none_of_what_came_before_ours(table: AcknowledgedTable) -> None:
    assert _acknowledged(table, 5) is None
