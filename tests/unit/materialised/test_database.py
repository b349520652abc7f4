"""The rows on disk: what is kept over restarts, crashes and damage of the folder."""

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from gateway.materialised.database import Database, DatabaseClosed
from tests.full_disk import full_disk


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "table"


@pytest.fixture
def database(folder: Path) -> Iterator[Database]:
    opened = Database(folder)
    yield opened
    opened.close()


def _all(database: Database) -> list[bytes]:
    return [*database.keys(b"", b"\xff")]


def test_values_are_put_and_deleted_and_found_one_by_one_and_many_at_once(database: Database) -> None:
    database.write({b"a": b"1", b"b": b"2", b"c": b""})
    database.write({b"b": None, b"missing": None})
    assert [database.get(key) for key in (b"a", b"b", b"c")] == [b"1", None, b""]
    assert database.get_many([b"c", b"b", b"a"]) == [b"", None, b"1"]


def test_keys_come_in_order_up_to_the_end(database: Database) -> None:
    database.write(dict.fromkeys([b"a/2", b"a/1", b"b/1", b"a/3"], b""))
    assert [*database.keys(b"a/1", b"a/3")] == [b"a/1", b"a/2"]


def test_endings_stay_as_they_were_while_more_is_written(database: Database) -> None:
    database.write({b"a/1": b"", b"a/3": b""})
    with database.view() as view:
        endings = view.endings(b"a/")
        database.write({b"a/2": b"", b"a/3": None})
        assert [endings.from_(b""), endings.next(), endings.next()] == [b"1", b"3", None]


def test_endings_are_those_of_one_prefix_from_a_given_one_on(database: Database) -> None:
    database.write(dict.fromkeys([b"a/9", b"b/1", b"b/3", b"c/1"], b""))
    with database.view() as view:
        endings = view.endings(b"b/")
        assert [endings.from_(b"2"), endings.from_(b"4"), endings.from_(b"0")] == [b"3", None, b"1"]


def test_what_was_written_survives_a_restart(folder: Path) -> None:
    database = Database(folder)
    database.write({b"a": b"1"})
    database.close()
    again = Database(folder)
    assert again.get(b"a") == b"1"
    again.close()


def test_after_a_crash_there_is_all_of_a_write_or_nothing(database: Database, folder: Path, tmp_path: Path) -> None:
    for number in range(20):
        text = str(number).encode()
        database.write({b"row:" + text: b"", b"offset": text})
        crashed = shutil.copytree(folder, tmp_path / f"crash-{number}")  # what a killed process leaves
        left = Database(crashed)
        assert left.get(b"offset") == text
        assert all(left.get(b"row:" + str(n).encode()) is not None for n in range(number + 1))
        left.close()


# Filling it


_MORE_THAN_IS_HELD_IN_MEMORY = 48
"""Rows of a MiB; RocksDB keeps two buffers of 16 MiB before it has written one to disk."""


def _fill(database: Database, numbers: range, size: int = 1024 * 1024) -> None:
    for number in numbers:
        text = str(number).encode()
        database.write({b"row:" + text: os.urandom(size), b"offset": text}, filling=True)


def _rows_up_to_the_offset(database: Database) -> int:
    """How many rows there are; none behind the offset is, and none before it is missing."""
    offset = database.get(b"offset")
    held = 0 if offset is None else int(offset) + 1
    rows = [b"row:" + str(number).encode() for number in range(held)]
    assert sorted(_all(database)) == sorted([*rows, *([] if offset is None else [b"offset"])])
    return held


def test_what_a_crash_leaves_of_a_table_that_is_filled_is_as_it_was_after_one_of_its_writes(
    database: Database, folder: Path, tmp_path: Path
) -> None:
    database.write({b"offset": b"0", b"row:0": b""})
    _fill(database, range(1, _MORE_THAN_IS_HELD_IN_MEMORY))
    left = Database(shutil.copytree(folder, tmp_path / "crash"))  # what a killed process leaves
    assert 0 < _rows_up_to_the_offset(left) < _MORE_THAN_IS_HELD_IN_MEMORY
    left.close()


def test_behind_a_write_that_is_none_of_its_filling_a_crash_loses_nothing(
    database: Database, folder: Path, tmp_path: Path
) -> None:
    _fill(database, range(10), size=10)
    database.write({b"offset": b"10", b"row:10": b""})
    left = Database(shutil.copytree(folder, tmp_path / "crash"))
    assert _rows_up_to_the_offset(left) == 11
    left.close()


def test_a_table_that_is_closed_while_it_is_filled_keeps_all(folder: Path) -> None:
    database = Database(folder)
    _fill(database, range(10), size=10)
    database.close()
    again = Database(folder)
    assert _rows_up_to_the_offset(again) == 10
    again.close()


def test_a_table_may_be_filled_again_and_again(database: Database, folder: Path, tmp_path: Path) -> None:
    for start in (0, 10, 20):
        _fill(database, range(start, start + 9), size=10)
        database.write({b"offset": str(start + 9).encode(), b"row:" + str(start + 9).encode(): b""})
    left = Database(shutil.copytree(folder, tmp_path / "crash"))
    assert _rows_up_to_the_offset(left) == 30
    left.close()


def test_a_table_whose_filling_meets_a_full_disk_goes_on_from_what_is_on_disk(folder: Path) -> None:
    database = Database(folder)
    _fill(database, range(10), size=10)
    with full_disk(), pytest.raises(Exception, match="File too large"):
        database.write({b"offset": b"10", b"row:10": b""})
    assert not database.takes_writes
    database.mend()
    _fill(database, range(_rows_up_to_the_offset(database), 20), size=10)
    database.write({b"offset": b"20", b"row:20": b""})
    assert _rows_up_to_the_offset(database) == 21
    database.close()


# What is cleared


def test_what_begins_with_a_prefix_is_cleared_and_stays_so(folder: Path) -> None:
    database = Database(folder)
    database.write(dict.fromkeys([b"a/1", b"b/1", b"b/\xff\xff", b"c/1"], b"1"))
    database.clear(b"b/")
    assert _all(database) == [b"a/1", b"c/1"]
    database.write({b"b/2": b"2"})
    database.close()
    again = Database(folder)
    assert _all(again) == [b"a/1", b"b/2", b"c/1"]
    again.close()


def test_what_no_topic_accounts_for_is_deleted(database: Database) -> None:
    database.write(dict.fromkeys([b"a", b"b/1", b"b0", b"source", b"x/1", b"y"], b"1"))
    database.keep_only([b"x/", b"b/"])
    assert _all(database) == [b"b/1", b"x/1"]


def test_a_table_in_use_is_refused_and_left_whole(folder: Path) -> None:
    database = Database(folder)
    database.write({b"a": b"1"})
    with pytest.raises(Exception, match="LOCK"):
        Database(folder)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as other, pytest.raises(Exception, match="LOCK"):
        other.submit(_open_and_close, folder).result(30)
    database.close()
    again = Database(folder)
    assert again.get(b"a") == b"1"
    again.close()


def _open_and_close(folder: Path) -> None:
    Database(folder).close()


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
    database = Database(folder)
    for number in range(100):
        database.write({b"row:" + str(number).encode(): os.urandom(1000), b"offset": b"1"})
    database.close()
    Database(folder).close()  # opened once more, all rows are in .sst files
    files = list(folder.glob(kind))
    assert files
    for file in files:
        damage(file)
    again = Database(folder)
    assert _all(again) == []
    again.write({b"a": b"1"})
    assert again.get(b"a") == b"1"
    again.close()


def test_beginning_anew_is_logged_and_deletes_nothing_but_the_table(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Database(folder).close()
    (folder / "notes.txt").write_text("not RocksDB's")
    (folder / "CURRENT").write_bytes(b"garbage")
    Database(folder).close()
    assert str(folder) in caplog.text
    assert (folder / "notes.txt").read_text() == "not RocksDB's"


# A full disk


def test_a_table_that_is_started_on_a_full_disk_is_left_whole_and_opened_when_there_is_room(folder: Path) -> None:
    database = Database(folder)
    database.write({b"a": b"1"})
    database.close()
    with full_disk():
        again = Database(folder)
        assert (again.takes_writes, again.get(b"a"), again.get_many([b"a", b"b"])) == (False, None, [None, None])
        with pytest.raises(OSError, match="File too large"):
            again.mend()
    again.mend()
    assert (again.takes_writes, again.get(b"a")) == (True, b"1")
    again.write({b"b": b"2"})
    again.close()


def test_a_table_that_is_new_on_a_full_disk_begins_when_there_is_room(folder: Path) -> None:
    with full_disk():
        database = Database(folder)
        with pytest.raises(DatabaseClosed, match="the status table is closed"):
            database.write({b"a": b"1"})
        with pytest.raises(DatabaseClosed), database.view():
            pass
    database.mend()
    database.write({b"a": b"1"})
    assert database.get(b"a") == b"1"
    database.close()


def test_a_damaged_table_on_a_full_disk_is_begun_anew_when_there_is_room(folder: Path) -> None:
    database = Database(folder)
    database.write({b"a": b"1"})
    database.close()
    (folder / "CURRENT").write_bytes(b"garbage")
    with full_disk():
        database = Database(folder)
    database.mend()
    assert _all(database) == []
    database.close()
