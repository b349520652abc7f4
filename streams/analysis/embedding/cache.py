"""Vectors that were computed once, kept by content: what next year's filing repeats is not embedded again.

One SQLite file, shared by the workers of a machine. A process that is killed while it writes leaves either
all of a batch or none; a file that is damaged is begun anew, since all of it can be computed again.
"""

import logging
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

log = logging.getLogger(__name__)

ENTRIES = 200_000
"""About 400 MB at 384 dimensions: some 2,500 filings of 80 chunks."""

ROOM_MADE = 0.1
"""The share of entries that goes when the file is full, those unused longest first."""

BUSY_SECONDS = 5.0
"""How long to wait while another worker writes; a batch takes milliseconds."""

CREATE = """
CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL, used INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS by_use ON vectors (used, key);
"""
FIND = "SELECT vector FROM vectors WHERE key = ?"
USE = "UPDATE vectors SET used = CAST(strftime('%s', 'now') AS INTEGER) WHERE key = ?"
REMEMBER = "INSERT OR REPLACE INTO vectors VALUES (?, ?, CAST(strftime('%s', 'now') AS INTEGER))"
FORGET = "DELETE FROM vectors WHERE key IN (SELECT key FROM vectors ORDER BY used, key LIMIT ?)"


class VectorCache(Protocol):
    """Remembers vectors by content key. It may forget anything at any time."""

    def get(self, keys: Iterable[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """The vectors that are known."""

    def put(self, vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
        """Remember these."""


class SqliteVectorCache:
    """A `VectorCache` in a file. When the file can't be used later the log says so, and work goes on without it.

    Raises:
        OSError: the file can't be opened: another process holds it, or it may not be written.
    """

    def __init__(self, path: Path, *, entries: int = ENTRIES) -> None:
        self._path, self._entries = path, entries
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._connection = _open(path)
        except sqlite3.OperationalError as error:
            # Locked or not permitted: the file itself may be sound, and others may use it.
            raise OSError(f"the vector cache {path} can't be opened: {error}") from error
        except sqlite3.DatabaseError:
            log.warning("the vector cache %s is damaged and begun anew", path)
            for part in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
                part.unlink(missing_ok=True)
            self._connection = _open(path)

    def get(self, keys: Iterable[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """The vectors that are known, which from now on count as used."""
        found: dict[bytes, NDArray[np.float32]] = {}
        try:
            for key in keys:
                row = self._connection.execute(FIND, (key,)).fetchone()
                if row is not None:
                    found[key] = np.frombuffer(row[0], np.float32)
            with self._connection:
                self._connection.executemany(USE, [(key,) for key in found])
        except sqlite3.Error as error:
            log.warning("the vector cache %s can't be read: %s", self._path, error)
        return found

    def put(self, vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
        """Remember these, all or none, and forget the longest unused where there are too many."""
        rows = [(key, np.ascontiguousarray(vector, np.float32).tobytes()) for key, vector in vectors.items()]
        try:
            with self._connection:
                self._connection.executemany(REMEMBER, rows)
                self._make_room()
        except sqlite3.Error as error:
            log.warning("the vector cache %s can't be written: %s", self._path, error)

    def close(self) -> None:
        """Close the file; the cache can't be used any more."""
        self._connection.close()

    def _make_room(self) -> None:
        count = int(self._connection.execute("SELECT count(*) FROM vectors").fetchone()[0])
        if count > self._entries:
            self._connection.execute(FORGET, (count - int(self._entries * (1.0 - ROOM_MADE)),))


def _open(path: Path) -> sqlite3.Connection:
    # Used by one thread at a time, but not always by the one that opened it.
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.executescript(CREATE)
    return connection
