"""The rows of all topics on disk: one RocksDB, written in atomic batches."""

import errno
import logging
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from rocksdict import BlockBasedOptions, Options, Rdict, RdictIter, WriteBatch, WriteOptions

log = logging.getLogger(__name__)

_AFTER_LAST_KEY = b"\xff"
_WRITE_BUFFER_BYTES = 16 * 1024 * 1024
"""RocksDB's default of 64 MiB, of which it keeps two, is half of what a gateway may use."""
_KEPT_FROM_BYTES = _WRITE_BUFFER_BYTES // 2
"""So much in memory is written to disk by us. A full buffer RocksDB would write while it holds Python's lock, and where
the disk is slow, or merging is behind, the gateway would answer nobody until it is through."""
_KEPT_AFTER_SECONDS = 300.0
"""What is read again from the topics after a crash is never older."""
_IN_MEMORY = "rocksdb.cur-size-active-mem-table"
_ROOM_BYTES = 2 * _WRITE_BUFFER_BYTES
"""What a database that is opened anew may write at once."""
_PROBE_BYTES = 1024 * 1024
_MERGED_FROM = "level0_file_num_compaction_trigger"
_FILES_AT_REST, _FILES_WHILE_FILLED = "4", "16"
"""So many files RocksDB merges into one. Its default of 4 keeps reads quick, but what is filled from a topic would be
written three times; from 20 on RocksDB makes the writer wait."""
_FILTER_BITS_A_KEY = 10
"""Bloom filters: most reads are of tasks that are new, and without them each would search every file on disk."""


class DatabaseClosed(OSError):
    """The disk did not let it be opened, or it is stopped."""


class Database:
    """Keys and values in RocksDB, both bytes. One writer (the follower's thread), any number of readers.

    A write is in memory, and on disk a while later; a crash leaves all as it was after an earlier write, and the writer
    must have the rest from where it had it. `close` keeps all.

    On a disk that is full or can't be written to it begins closed, without a row, until `mend` could open it.
    """

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder, self._clock, self._options = folder, clock, _options()
        # Held while the database is opened anew, which closes it for a moment.
        self._opening = threading.Lock()
        self._db: Rdict | None = None
        self._takes_writes = False
        self._is_filled = False
        try:
            self._open()
        except OSError as error:
            log.warning("the status table in %s can't be opened yet: %s", folder, error)

    @property
    def takes_writes(self) -> bool:
        """False where `mend` is to be called first."""
        return self._takes_writes

    def get(self, key: bytes) -> bytes | None:
        """The value of a key, one local read; None also while the database is closed."""
        return self.get_many([key])[0]

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """The values of keys, in their order; as `get`."""
        with self._opening:
            return [None] * len(keys) if self._db is None else cast("list[bytes | None]", self._db.get([*keys]))

    @contextmanager
    def view(self) -> Iterator["View"]:
        """Reads that belong together; for moments, since mending the database waits.

        Raises:
            DatabaseClosed: as long as it is.
        """
        with self._opening:
            yield View(self._opened)

    def keys(self, first: bytes, end: bytes) -> Iterator[bytes]:
        """The keys from `first`, up to and without `end`, in order; for the writer, who alone opens it anew."""
        for key in self._opened.keys(from_key=first):
            if not isinstance(key, bytes) or key >= end:
                return
            yield key

    def write(self, writes: Mapping[bytes, bytes | None], *, filling: bool = False) -> None:
        """Put values, and delete the keys whose value is None, in one atomic write.

        Args:
            filling: one of many that follow one another: files are merged later.
        """
        batch = WriteBatch(raw_mode=True)
        for key, value in writes.items():
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        self._write(batch, filling=filling)

    def clear(self, prefix: bytes) -> None:
        """Delete all that begins with a prefix."""
        batch = WriteBatch(raw_mode=True)
        batch.delete_range(prefix, after(prefix))
        self._write(batch)

    def keep_only(self, prefixes: Sequence[bytes]) -> None:
        """Delete all that begins with none of these: rows of an older format, or of a topic no longer followed."""
        gaps = zip([b"", *map(after, sorted(prefixes))], [*sorted(prefixes), _AFTER_LAST_KEY], strict=True)
        for first, end in gaps:
            # Looked at first: each deleted range is one more to search at every read.
            if any(True for _ in self.keys(first, end)):
                log.info("the status table in %s holds rows of another version, which are deleted", self._folder)
                batch = WriteBatch(raw_mode=True)
                batch.delete_range(first, end)
                self._write(batch)

    def check_disk(self) -> None:
        """Tell of a disk that takes no write before there is one to be lost.

        Raises:
            OSError: the disk is full, or can't be written to; `mend` is to be called.
        """
        try:
            _check_room(self._folder)
        except OSError:
            self._takes_writes = False
            raise

    def mend(self) -> None:
        """After a write that failed, or on a disk that let it not be opened, be able to write; else does nothing.

        RocksDB takes no write after one that failed, also when the disk has room again, until it is opened anew.

        Raises:
            OSError: while the disk is full, or can't be written to; what an open database holds can still be read.
        """
        if self._takes_writes:
            return
        _check_room(self._folder)
        with self._opening:
            self.close()
            self._open()
        log.info("the status table in %s takes writes again", self._folder)

    def close(self) -> None:
        """Flush and close; the folder may then be opened again."""
        closed, self._db = self._db, None
        if closed is None:
            return
        try:
            closed.close()
        except Exception as error:
            # After a write that failed it tells so once more, and is closed none the less.
            if self._takes_writes:
                raise
            log.info("the status table in %s was closed after a failed write: %s", self._folder, error)

    def _open(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._db = Rdict(str(self._folder), self._options)
        except Exception as error:  # noqa: BLE001, rocksdict has no narrower one
            # A full disk did no damage: an intact table would be deleted.
            _check_room(self._folder)
            # A damaged table is rebuilt from the topics. RocksDB refuses to destroy one that is in use, and deletes
            # its own files only, should the folder hold anything else.
            Rdict.destroy(str(self._folder), self._options)
            log.warning("the status table in %s was damaged and is begun anew: %s", self._folder, error)
            self._db = Rdict(str(self._folder), self._options)
        self._takes_writes, self._is_filled = True, False
        self._kept_at = self._clock()

    @property
    def _opened(self) -> Rdict:
        if self._db is None:
            raise DatabaseClosed(errno.EBADF, "the status table is closed", str(self._folder))
        return self._db

    def _write(self, batch: WriteBatch, *, filling: bool = False) -> None:
        try:
            if filling != self._is_filled:
                self._opened.set_options({_MERGED_FROM: _FILES_WHILE_FILLED if filling else _FILES_AT_REST})
                self._is_filled = filling
            self._opened.write(batch, _UNLOGGED)
            self._keep_if_due(self._opened)
        except Exception:
            self._takes_writes = False
            raise

    def _keep_if_due(self, db: Rdict) -> None:
        now = self._clock()
        in_memory = db.property_int_value(_IN_MEMORY) or 0
        if in_memory > _KEPT_FROM_BYTES or now - self._kept_at > _KEPT_AFTER_SECONDS:
            # Begins only, unless the one before is not through: that is waited for, without Python's lock.
            db.flush(wait=False)
            self._kept_at = now


class View:
    """Reads that belong together. Each `Endings` stays as it was when it was asked for; rows may be newer."""

    def __init__(self, db: Rdict) -> None:
        self._db = db

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """The values of keys, in their order."""
        return cast("list[bytes | None]", self._db.get([*keys]))

    def version(self) -> int:
        """Changes with every write."""
        return self._db.latest_sequence_number()

    def endings(self, prefix: bytes) -> "Endings":
        """The keys that begin with a prefix, in order, without it."""
        return Endings(self._db.iter(), prefix)


class Endings:
    """What follows a prefix in the keys that begin with it, sorted."""

    def __init__(self, iterator: RdictIter, prefix: bytes) -> None:
        self._iterator, self._prefix = iterator, prefix

    def from_(self, ending: bytes) -> bytes | None:
        """The first that is not before `ending`; None behind the last."""
        self._iterator.seek(self._prefix + ending)
        return self._here()

    def next(self) -> bytes | None:
        """The one behind the last one that was returned."""
        self._iterator.next()
        return self._here()

    def since(self, ending: bytes) -> Iterator[bytes]:
        """All that are not before `ending`."""
        found = self.from_(ending)
        while found is not None:
            yield found
            found = self.next()

    def _here(self) -> bytes | None:
        if not self._iterator.valid():
            return None
        key = cast("bytes", self._iterator.key())
        return key[len(self._prefix) :] if key.startswith(self._prefix) else None


def after(prefix: bytes) -> bytes:
    """The first key behind all that begin with a prefix, which ends in no 0xFF."""
    return prefix[:-1] + bytes([prefix[-1] + 1])


def _unlogged() -> WriteOptions:
    options = WriteOptions()
    options.disable_wal = True  # type: ignore[method-assign, assignment]  # a property; its stub tells of a method
    return options


_UNLOGGED = _unlogged()


def _options() -> Options:
    options = Options(raw_mode=True)
    options.create_if_missing(create_if_missing=True)
    options.set_write_buffer_size(_WRITE_BUFFER_BYTES)
    files = BlockBasedOptions()
    files.set_bloom_filter(_FILTER_BITS_A_KEY, block_based=False)
    options.set_block_based_table_factory(files)
    return options


def _check_room(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free < _ROOM_BYTES:
        raise OSError(errno.ENOSPC, f"less than {_ROOM_BYTES} bytes are free for the status table", str(folder))
    with tempfile.TemporaryFile(dir=folder) as probe:
        probe.write(bytes(_PROBE_BYTES))
        probe.flush()
