import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from streams.analysis.embedding import SqliteVectorCache

VECTOR = np.arange(4, dtype=np.float32)


def test_what_was_put_is_found_by_another_process_later(tmp_path: Path) -> None:
    SqliteVectorCache(tmp_path / "cache").put({b"key": VECTOR})
    [found] = SqliteVectorCache(tmp_path / "cache").get([b"key", b"unknown"]).values()
    assert np.array_equal(found, VECTOR)


def test_thousands_of_keys_are_found(tmp_path: Path) -> None:
    cache = SqliteVectorCache(tmp_path / "cache")
    vectors = {str(place).encode(): VECTOR for place in range(2_500)}
    cache.put(vectors)
    assert cache.get(vectors).keys() == vectors.keys()


def test_it_never_holds_more_than_its_bound_and_forgets_what_was_unused_longest(tmp_path: Path) -> None:
    cache = SqliteVectorCache(tmp_path / "cache", entries=10)
    cache.put({str(place).encode(): VECTOR for place in range(10)})
    with sqlite3.connect(tmp_path / "cache") as connection:
        connection.execute("UPDATE vectors SET used = used - 100")
    cache.get([b"0"])
    cache.put({b"new": VECTOR})
    kept = cache.get([str(place).encode() for place in range(10)] + [b"new"])
    assert len(kept) == 9
    assert b"0" in kept
    assert b"new" in kept


def test_a_damaged_file_is_begun_anew_and_said_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "cache").write_bytes(b"this is no database" * 100)
    cache = SqliteVectorCache(tmp_path / "cache")
    cache.put({b"key": VECTOR})
    assert b"key" in cache.get([b"key"])
    assert "damaged" in caplog.text


def test_a_cache_that_fails_later_is_said_so_and_stops_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cache = SqliteVectorCache(tmp_path / "cache")
    with sqlite3.connect(tmp_path / "cache") as connection:
        connection.execute("DROP TABLE vectors")
    cache.put({b"key": VECTOR})
    assert cache.get([b"key"]) == {}
    assert "can't be written" in caplog.text
    assert "can't be read" in caplog.text


def test_a_writer_killed_at_any_moment_leaves_a_cache_that_works(tmp_path: Path) -> None:
    program = (
        "import itertools, sys, numpy as np\n"
        "from pathlib import Path\n"
        "from streams.analysis.embedding.cache import SqliteVectorCache\n"
        "cache = SqliteVectorCache(Path(sys.argv[1]))\n"
        "for batch in itertools.count():\n"
        "    cache.put({f'{batch}.{n}'.encode(): np.full(4, batch, np.float32) for n in range(50)})\n"
        "    print(batch, flush=True)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "cache")]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    written = [int(writer.stdout.readline()) for _ in range(5)]
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    cache = SqliteVectorCache(tmp_path / "cache")
    keys = [f"{batch}.{place}".encode() for batch in written for place in range(50)]
    found = cache.get(keys)
    assert found.keys() == set(keys)
    assert all(vector[0] == int(key.split(b".")[0]) for key, vector in found.items())
    cache.put({b"after": VECTOR})
    assert b"after" in cache.get([b"after"])


def test_a_cache_that_cant_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    with pytest.raises(OSError, match=str(tmp_path / "cache")):
        SqliteVectorCache(tmp_path / "cache")
