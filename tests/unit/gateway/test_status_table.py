"""The status table on disk: what it keeps of the status topic, over restarts and whatever happens to its folder."""

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.status_table.rows import EndedMarker, StatusRow, UnreadableStatus, decode_row, status_row
from gateway.status_table.table import Source, StatusRecord, StatusTable, must_rebuild
from schemas.tasks import FINISHED, StatusOrder, TaskState, in_step
from tests.full_disk import full_disk
from tests.unit.examples import NOON, TASK_ID, a_status

OWNER = "key-1"
PENDING = a_status()
READING = a_status(TaskState.PROGRESS, progress=in_step(1))
SUCCESS = a_status(TaskState.SUCCESS, progress=FINISHED, ended_at=NOON)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "table"


@pytest.fixture
def table(folder: Path) -> Iterator[StatusTable]:
    opened = StatusTable(folder)
    yield opened
    opened.close()


def _source(offset: int = 1, written_at: datetime = NOON) -> Source:
    return Source("cluster", "topic", {0: offset, 1: 0}, written_at)


def _record(status: object = PENDING, owner: str | None = OWNER, task_id: str = TASK_ID) -> StatusRecord:
    assert hasattr(status, "model_dump_json")
    return StatusRecord(task_id, status_row(status.model_dump_json().encode(), owner))


TOMBSTONE = StatusRecord(TASK_ID, None)


def _kept(table: StatusTable, task_id: str = TASK_ID) -> StatusRow:
    row = table.get(task_id)
    assert isinstance(row, StatusRow)
    return row


# Rows


_MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001, has a zone
_ROWS = st.builds(
    StatusRow,
    order=st.builds(StatusOrder, st.integers(1, 4), st.integers(0, 7)),
    owner=st.none() | st.text(),
    ended_at=st.none() | _MOMENTS,
    body=st.binary(),
)


@given(_ROWS | st.builds(EndedMarker, _MOMENTS))
def test_a_row_survives_the_way_through_bytes(row: StatusRow | EndedMarker) -> None:
    assert decode_row(row.encode()) == row


def test_the_body_of_a_row_is_the_status_as_it_came() -> None:
    body = b' {"status": "PENDING",\n "progress": {"status": "waiting", "current": 0}, "added": "later"}\n'
    assert decode_row(status_row(body, OWNER).encode()) == status_row(body, OWNER)
    assert status_row(body, OWNER).body == body


def test_a_row_knows_whose_it_is_how_new_and_when_it_ended() -> None:
    row = status_row(SUCCESS.model_dump_json().encode(), OWNER)
    assert (row.owner, row.order, row.ended_at) == (OWNER, SUCCESS.order, NOON)


@pytest.mark.parametrize("value", [b"", b"garbage", b"{}", b"[]", b'{"status": "LOST", "progress": {}}', b"\xff"])
def test_what_is_no_status_is_unreadable(value: bytes) -> None:
    with pytest.raises(UnreadableStatus):
        status_row(value, None)


# Which row is kept


def test_a_task_that_nobody_told_of_has_no_row(table: StatusTable) -> None:
    assert table.get(TASK_ID) is None
    assert table.source() is None


@pytest.mark.parametrize("at_once", [True, False])
def test_the_newest_status_is_kept_whether_they_come_at_once_or_one_by_one(table: StatusTable, at_once: bool) -> None:
    records = [_record(status) for status in (READING, PENDING, SUCCESS, READING)]
    for batch in [records] if at_once else [[record] for record in records]:
        table.apply(batch, _source())
    assert _kept(table).order == SUCCESS.order


def test_tasks_do_not_touch_each_other(table: StatusTable) -> None:
    table.apply([_record(PENDING), _record(SUCCESS, task_id="other"), StatusRecord("third", None)], _source())
    assert _kept(table).order == PENDING.order
    assert _kept(table, "other").order == SUCCESS.order


@pytest.mark.parametrize("at_once", [True, False])
def test_a_zombies_status_after_the_tombstone_does_not_bring_the_task_back(table: StatusTable, at_once: bool) -> None:
    records = [_record(SUCCESS), TOMBSTONE, _record(READING)]
    for batch in [records] if at_once else [[record] for record in records]:
        table.apply(batch, _source())
    assert table.get(TASK_ID) == EndedMarker(NOON)


def test_a_tombstone_of_a_task_that_was_never_seen_is_remembered_too(table: StatusTable) -> None:
    table.apply([TOMBSTONE], _source())
    table.apply([_record(READING)], _source())
    assert isinstance(table.get(TASK_ID), EndedMarker)


def test_a_tombstone_is_forgotten_after_a_day(table: StatusTable) -> None:
    table.apply([TOMBSTONE], _source())
    table.apply([_record(PENDING)], _source(written_at=NOON + timedelta(days=1)))
    assert isinstance(table.get(TASK_ID), EndedMarker)
    table.apply([_record(PENDING)], _source(written_at=NOON + timedelta(days=1, seconds=1)))
    assert isinstance(table.get(TASK_ID), StatusRow)


def test_markers_of_gone_tasks_are_deleted_after_a_day_a_few_with_each_write(table: StatusTable) -> None:
    table.apply([StatusRecord(f"gone-{n}", None) for n in range(120)], _source())
    table.apply([], _source(written_at=NOON + timedelta(days=1)))
    assert _left(table) == 120
    later = _source(written_at=NOON + timedelta(days=1, seconds=1))
    table.apply([], later)
    assert 0 < _left(table) < 120
    for _ in range(3):
        table.apply([_record(PENDING)], later)
    assert _left(table) == 0
    assert isinstance(table.get(TASK_ID), StatusRow)


def test_a_task_that_was_marked_again_keeps_its_later_marker(table: StatusTable) -> None:
    table.apply([TOMBSTONE], _source())
    table.apply([TOMBSTONE], _source(written_at=NOON + timedelta(hours=20)))
    table.apply([], _source(written_at=NOON + timedelta(hours=30)))
    assert isinstance(table.get(TASK_ID), EndedMarker)
    table.apply([], _source(written_at=NOON + timedelta(hours=50)))
    assert table.get(TASK_ID) is None


def _left(table: StatusTable) -> int:
    return sum(table.get(f"gone-{n}") is not None for n in range(120))


@pytest.mark.parametrize(("owner", "intruder"), [(OWNER, "key-2"), (OWNER, None), (None, OWNER)])
def test_a_status_of_another_owner_does_not_touch_the_task(
    table: StatusTable, owner: str | None, intruder: str | None
) -> None:
    table.apply([_record(PENDING, owner)], _source())
    table.apply([_record(SUCCESS, intruder)], _source())
    assert (_kept(table).owner, _kept(table).order) == (owner, PENDING.order)


# The folder


def test_rows_and_offsets_survive_a_restart(folder: Path) -> None:
    table = StatusTable(folder)
    table.apply([_record(SUCCESS)], _source(7))
    table.close()
    again = StatusTable(folder)
    assert _kept(again) == _record(SUCCESS).row
    assert again.source() == _source(7)
    again.close()


def test_after_a_crash_the_offsets_never_run_ahead_of_the_rows(
    table: StatusTable, folder: Path, tmp_path: Path
) -> None:
    for number in range(20):
        table.apply([_record(task_id=f"task-{number}")], _source(number))
        crashed = shutil.copytree(folder, tmp_path / f"crash-{number}")  # what a killed process leaves
        left = StatusTable(crashed)
        assert left.source() == _source(number)
        assert all(isinstance(left.get(f"task-{n}"), StatusRow) for n in range(number + 1))
        left.close()


def test_a_cleared_table_is_as_new_and_stays_so(folder: Path) -> None:
    table = StatusTable(folder)
    table.apply([_record(SUCCESS), _record(task_id="\x7fother")], _source())
    table.clear()
    assert (table.source(), table.get(TASK_ID), table.get("\x7fother")) == (None, None, None)
    table.apply([_record(PENDING)], _source(1))
    table.close()
    again = StatusTable(folder)
    assert _kept(again).order == PENDING.order
    again.close()


def test_a_table_in_use_is_refused_and_left_whole(folder: Path) -> None:
    table = StatusTable(folder)
    table.apply([_record(SUCCESS)], _source())
    with pytest.raises(Exception, match="LOCK"):
        StatusTable(folder)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as other, pytest.raises(Exception, match="LOCK"):
        other.submit(_open_and_close, folder).result(30)
    table.close()
    again = StatusTable(folder)
    assert _kept(again).order == SUCCESS.order
    again.close()


def _open_and_close(folder: Path) -> None:
    StatusTable(folder).close()


def _lost(file: Path) -> None:
    file.unlink()


def _overwritten(file: Path) -> None:
    file.write_bytes(b"garbage" * 100)


def _cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def _with_a_bad_block(file: Path) -> None:
    """All but the footer is noise: RocksDB words it with "block", which is no lock."""
    size = file.stat().st_size
    with file.open("r+b") as stream:
        stream.seek(max(0, size - 3000))
        stream.write(os.urandom(min(size, 3000) - 200))


@pytest.mark.parametrize(
    ("kind", "damage"),
    [
        ("CURRENT", _lost),
        ("CURRENT", _overwritten),
        ("MANIFEST-*", _lost),
        ("MANIFEST-*", _overwritten),
        ("*.sst", _lost),
        ("*.sst", _overwritten),
        ("*.sst", _cut),
        ("*.sst", _with_a_bad_block),
    ],
)
@pytest.mark.parametrize("name", ["table", "block of tables"])
def test_a_damaged_folder_is_begun_anew(tmp_path: Path, name: str, kind: str, damage: Callable[[Path], None]) -> None:
    folder = tmp_path / name
    table = StatusTable(folder)
    for number in range(100):
        body = SUCCESS.model_dump_json().encode() + os.urandom(1000)
        table.apply([StatusRecord(f"task-{number}", StatusRow(SUCCESS.order, OWNER, NOON, body))], _source())
    table.close()
    StatusTable(folder).close()  # opened once more, all rows are in .sst files
    files = list(folder.glob(kind))
    assert files
    for file in files:
        damage(file)
    again = StatusTable(folder)
    assert again.source() is None
    again.apply([_record(SUCCESS)], _source())
    assert _kept(again).order == SUCCESS.order
    again.close()


def test_beginning_anew_is_logged_and_deletes_nothing_but_the_table(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    StatusTable(folder).close()
    (folder / "notes.txt").write_text("not RocksDB's")
    (folder / "CURRENT").write_bytes(b"garbage")
    StatusTable(folder).close()
    assert str(folder) in caplog.text
    assert (folder / "notes.txt").read_text() == "not RocksDB's"


# A full disk


def test_a_table_that_is_started_on_a_full_disk_is_left_whole_and_opened_when_there_is_room(folder: Path) -> None:
    table = StatusTable(folder)
    table.apply([_record(SUCCESS)], _source(7))
    table.close()
    with full_disk():
        again = StatusTable(folder)
        assert (again.takes_writes, again.get(TASK_ID)) == (False, None)
        with pytest.raises(OSError, match="File too large"):
            again.mend()
    again.mend()
    assert (again.takes_writes, again.source(), _kept(again)) == (True, _source(7), _record(SUCCESS).row)
    again.apply([_record(PENDING, task_id="other")], _source(8))
    again.close()


def test_a_table_that_is_new_on_a_full_disk_begins_when_there_is_room(folder: Path) -> None:
    with full_disk():
        table = StatusTable(folder)
        with pytest.raises(OSError, match="the status table is closed"):
            table.apply([_record(SUCCESS)], _source())
    table.mend()
    table.apply([_record(SUCCESS)], _source())
    assert _kept(table).order == SUCCESS.order
    table.close()


def test_a_damaged_table_on_a_full_disk_is_begun_anew_when_there_is_room(folder: Path) -> None:
    table = StatusTable(folder)
    table.apply([_record(SUCCESS)], _source())
    table.close()
    (folder / "CURRENT").write_bytes(b"garbage")
    with full_disk():
        table = StatusTable(folder)
    table.mend()
    assert table.source() is None
    table.close()


# Whether stored rows can be continued


def _why(source: Source | None, *, cluster: str = "cluster", topic: str = "topic", now: datetime = NOON) -> str | None:
    return must_rebuild(source, cluster_id=cluster, topic_id=topic, now=now)


def test_a_table_of_the_same_topic_goes_on() -> None:
    assert _why(_source()) is None
    assert _why(_source(), now=NOON + timedelta(hours=22, minutes=59)) is None


def test_an_empty_table_has_nothing_to_rebuild() -> None:
    assert _why(None) is None


def test_a_table_of_another_cluster_is_rebuilt() -> None:
    assert "another Kafka cluster" in (_why(_source(), cluster="other") or "")


def test_a_table_of_a_topic_that_was_made_anew_is_rebuilt() -> None:
    assert "made anew" in (_why(_source(), topic="other") or "")


def test_a_table_that_tombstones_may_have_passed_by_is_rebuilt_an_hour_before_they_could() -> None:
    assert "old" in (_why(_source(), now=NOON + timedelta(hours=23, seconds=1)) or "")
