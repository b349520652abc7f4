"""The rows on disk: what is kept over restarts, crashes and damage of the folder."""

import os
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from gateway.materialised.database import Database
from tests.full_disk import full_disk
from tests.waiting import eventually


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


# What a crash leaves


def _put_rows(database: Database, numbers: range, *, size: int, filling: bool = False) -> None:
    for number in numbers:
        text = str(number).encode()
        database.write({b"row:" + text: os.urandom(size), b"offset": text}, filling=filling)


def _rows_up_to_the_offset(database: Database) -> int:
    """How many rows there are; none behind the offset is, and none before it is missing."""
    offset = database.get(b"offset")
    held = 0 if offset is None else int(offset) + 1
    rows = [b"row:" + str(number).encode() for number in range(held)]
    assert sorted(_all(database)) == sorted([*rows, *([] if offset is None else [b"offset"])])
    return held


_ROWS_BEFORE_THE_CRASH = 12
"""Of a MiB: fewer than fill RocksDB's buffer, which it would write to disk then, whoever waits."""


def _put_rows_and_die(folder: Path, *, filling: bool) -> None:
    database = Database(folder)
    _put_rows(database, range(_ROWS_BEFORE_THE_CRASH), size=1024 * 1024, filling=filling)
    eventually(lambda: "flush_finished" in (folder / "LOG").read_text(), within=10, what="rows are on disk")
    assert database.takes_writes
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("filling", [False, True])
def test_what_a_crash_leaves_is_as_it_was_after_one_of_the_last_writes(folder: Path, *, filling: bool) -> None:
    writer = get_context("spawn").Process(target=_put_rows_and_die, args=(folder,), kwargs={"filling": filling})
    writer.start()
    writer.join(30)
    assert writer.exitcode == -signal.SIGKILL
    left = Database(folder)
    assert 5 <= _rows_up_to_the_offset(left) <= _ROWS_BEFORE_THE_CRASH
    left.close()


def test_what_was_written_is_on_disk_after_five_minutes(folder: Path, tmp_path: Path) -> None:
    minutes = iter([0, 1, 4, 6])
    database = Database(folder, clock=lambda: next(minutes) * 60)
    kept = []
    for number in range(3):
        _put_rows(database, range(number, number + 1), size=10)
        kept.append(_kept_after_a_crash(folder, tmp_path / f"crash-{number}"))
    assert kept[:2] == [0, 0]
    eventually(lambda: _kept_after_a_crash(folder, tmp_path / "later") == 3, within=5, what="all rows are on disk")
    database.close()


def _kept_after_a_crash(folder: Path, copy: Path) -> int:
    shutil.rmtree(copy, ignore_errors=True)
    left = Database(shutil.copytree(folder, copy))
    rows = _rows_up_to_the_offset(left)
    left.close()
    return rows


def test_a_write_waits_for_no_disk(database: Database) -> None:
    """It holds Python's lock: with a disk that does not answer, no other thread would run."""
    with full_disk():
        _put_rows(database, range(10), size=10)
    assert _rows_up_to_the_offset(database) == 10


@pytest.mark.parametrize("filling", [False, True])
def test_a_table_that_is_closed_keeps_all(folder: Path, *, filling: bool) -> None:
    database = Database(folder)
    _put_rows(database, range(10), size=10, filling=filling)
    database.close()
    again = Database(folder)
    assert _rows_up_to_the_offset(again) == 10
    again.close()


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
