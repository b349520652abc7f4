"""Up to which offset a Table's store is taken to have its changelog: not past what another worker wrote."""

from pathlib import Path

import pytest
from faust.types import TP
from faust.types.tuples import FutureMessage, PendingMessage, RecordMetadata

from schemas.topics import BATCHES_CHANGELOG
from streams.agents.acknowledged_table import AcknowledgedTable
from streams.agents.app import WorkerApp
from streams.settings import WorkerSettings

PARTITION = TP(BATCHES_CHANGELOG, 0)


async def _nothing() -> None:
    """A drain of nothing."""


@pytest.fixture
async def table(tmp_path: Path) -> AcknowledgedTable:
    return AcknowledgedTable.of(WorkerApp(WorkerSettings(worker_dir=tmp_path), _nothing), "batches", BATCHES_CHANGELOG)


def _acknowledged(table: AcknowledgedTable, *offsets: int) -> int | None:
    """What the store is taken to have once records of ours came to stand at these offsets."""
    for offset in offsets:
        record = PendingMessage(table.changelog_topic, b"key", b"value", 0, None, None, None, None, None)
        sent = FutureMessage(record)
        sent.set_result(RecordMetadata(PARTITION.topic, PARTITION.partition, PARTITION, offset))
        table._on_changelog_sent(sent)
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
