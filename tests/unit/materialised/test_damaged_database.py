"""What a table makes of a folder that is damaged, and of a disk that is full."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.materialised.database import Database, DatabaseClosed
from tests.full_disk import full_disk
from tests.waiting import eventually


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "table"


def _all(database: Database) -> list[bytes]:
    return [*database.keys(b"", b"\xff")]


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


def test_a_disk_that_takes_no_write_is_told_of_before_one_is_lost(folder: Path) -> None:
    database = Database(folder)
    database.write({b"a": b"1"})
    with full_disk():
        with pytest.raises(OSError, match="File too large"):
            database.check_disk()
        assert not database.takes_writes
    database.mend()
    database.check_disk()
    database.write({b"b": b"2"})
    assert _all(database) == [b"a", b"b"]
    database.close()


def test_a_table_that_could_not_be_written_to_disk_goes_on_from_what_is_there(folder: Path) -> None:
    database = Database(folder)
    with full_disk():
        eventually(lambda: not _takes(database, os.urandom(1024 * 1024)), within=10, what="a write fails")
    database.mend()
    assert _all(database) == []
    database.write({b"a": b"1"})
    assert _all(database) == [b"a"]
    database.close()


def _takes(database: Database, value: bytes) -> bool:
    try:
        database.write({b"large": value})
    except Exception as error:  # noqa: BLE001, rocksdict has no narrower one
        assert "File too large" in str(error)  # noqa: PT017
    return database.takes_writes
