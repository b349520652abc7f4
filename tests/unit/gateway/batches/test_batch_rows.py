"""The topic of batches as rows on disk."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from gateway.batches.batch_rows import BatchRecord, BatchRow, BatchRows, BatchTable
from gateway.batches.batch_view import BatchView
from gateway.materialised.database import Database
from gateway.materialised.records import Record, UnreadableRecord
from gateway.materialised.subscriptions import Subscriptions
from schemas.batches import BatchStatus
from schemas.events import batch_status
from schemas.tasks import TaskState
from tests.unit.examples import NOON, TASK_ID
from tests.unit.gateway.batches.examples import a_batch

OWNER = "key-1"
AT_ONCE = [True, False]
TOMBSTONE = BatchRows("batches", Subscriptions()).read(Record(0, 0, 0, TASK_ID.encode(), None, ()))
SUCCESS = TaskState.SUCCESS


class OwnBatches(BatchTable):
    """Rows in a folder that are given their records by hand."""

    def __init__(self, folder: Path) -> None:
        self.database, self.news = Database(folder), Subscriptions[None]()
        self._rows = BatchRows("batches", self.news)
        super().__init__(self.database)

    def apply(self, records: Sequence[BatchRecord]) -> None:
        """Take records, as the follower does."""
        changes = self._rows.fold(records, self.database, NOON)
        self.database.write(changes.writes)
        self._rows.told(changes.news)

    def close(self) -> None:
        """Let go of the folder."""
        self.database.close()


@pytest.fixture
def batches(tmp_path: Path) -> Iterator[OwnBatches]:
    opened = OwnBatches(tmp_path / "table")
    yield opened
    opened.close()


def read(status: BatchStatus, owner: str | None = OWNER, at: datetime = NOON) -> BatchRecord:
    """The record of a status, as it is read from the topic."""
    event = batch_status(status, source="/test", time=at, owner=owner)
    key, at_ms = status.batch_id.encode(), int(at.timestamp() * 1000)
    return BatchRows("batches", Subscriptions()).read(Record(0, 0, at_ms, key, event.data, event.headers()))


def _ended(count: int) -> BatchStatus:
    return a_batch(TASK_ID, ended={SUCCESS: count} if count else {})


def _apply(batches: OwnBatches, records: Sequence[BatchRecord], *, at_once: bool) -> None:
    for each in [records] if at_once else [[record] for record in records]:
        batches.apply(each)


def test_a_status_is_read_with_its_owner_and_a_closing_one_with_the_brokers_time() -> None:
    open_ = _ended(2)
    assert read(open_) == BatchRecord(TASK_ID, BatchRow(OWNER, {SUCCESS: 2}, None, open_.model_dump_json().encode()))
    closed = read(_ended(3), None).row
    assert closed is not None
    assert (closed.owner, closed.ended, closed.ended_at) == (None, {SUCCESS: 3}, NOON)


def test_a_closing_status_is_kept_as_the_answer_to_who_asks() -> None:
    closed = read(_ended(3)).row
    assert closed is not None
    view = BatchView.model_validate_json(closed.body)
    assert (view.status, view.counts, view.progress.current, view.progress.total) == ("ENDED", {SUCCESS: 3}, 3, 3)
    assert (view.members, view.ended_at) == (_ended(3).members, NOON)
    assert view.model_dump(mode="json") == orjson.loads(closed.body)


@pytest.mark.parametrize("ended", [1, 3])
def test_a_row_names_its_members_tasks(ended: int) -> None:
    row = read(_ended(ended)).row
    assert row is not None
    assert row.task_ids() == [member.task_id for member in _ended(ended).members]


async def test_each_change_of_a_batch_is_told_and_what_changes_nothing_is_not(batches: OwnBatches) -> None:
    with batches.news.of(TASK_ID) as heard:
        batches.apply([read(_ended(1))])
        batches.apply([read(_ended(1)), read(_ended(0))])
        batches.apply([read(_ended(3))])
        batches.news.end()
        assert [await heard.next() for _ in range(2)] == [None, None]


@pytest.mark.parametrize(
    "value", [b"", b"{}", b"\xff", b'{"status":"NO"}', b'{"status":"ENDED"}', b'{"status":"OPEN","ended":{"NO":1}}']
)
def test_what_is_no_status_of_a_batch_is_unreadable(value: bytes) -> None:
    with pytest.raises(UnreadableRecord):
        BatchRows("batches", Subscriptions()).read(Record(0, 0, 0, b"key", value, ()))


@pytest.mark.parametrize("at_once", AT_ONCE)
def test_the_status_with_the_most_ended_members_is_kept_whichever_comes_last(
    batches: OwnBatches, at_once: bool
) -> None:
    closed, later = read(_ended(3)), datetime(2026, 2, 3, 13, tzinfo=UTC)
    _apply(batches, [read(_ended(0)), closed, read(_ended(1)), read(_ended(3), at=later), read(_ended(0))],
           at_once=at_once)  # fmt: skip
    assert batches.get(TASK_ID) == closed.row


@pytest.mark.parametrize("at_once", AT_ONCE)
def test_nobody_writes_over_the_batch_of_another(batches: OwnBatches, at_once: bool) -> None:
    first = read(_ended(1))
    _apply(batches, [first, read(_ended(3), "key-2"), read(_ended(3), None)], at_once=at_once)
    assert batches.get(TASK_ID) == first.row


@pytest.mark.parametrize("at_once", AT_ONCE)
def test_nothing_stays_behind_a_tombstone(batches: OwnBatches, at_once: bool) -> None:
    _apply(batches, [read(_ended(3)), TOMBSTONE], at_once=at_once)
    assert batches.get(TASK_ID) is None
    assert [*batches.database.keys(b"", b"\xff")] == []


def test_a_batch_survives_a_restart(tmp_path: Path) -> None:
    before = OwnBatches(tmp_path)
    before.apply([read(_ended(3))])
    before.close()
    after = OwnBatches(tmp_path)
    assert after.get(TASK_ID) == read(_ended(3)).row
    after.close()
