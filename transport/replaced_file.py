"""A small file that commands change while other processes read it: replaced whole, by one of them at a time."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PRIVATE = 0o600

Stamp = tuple[int, int, int]
"""Of a file's content: it tells neither whether the file may be read nor whether it was."""


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """No other process changes the file meanwhile: of two that add to it at once, one would write over the other's.

    Its folder is made where it is missing.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    # The folder is locked, since the file itself is replaced.
    descriptor = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def replace(file: Path, content: str) -> None:
    """Have the file hold this, on the disk; a new one is for its owner only."""
    # Written beside and renamed: who reads meanwhile sees the old file or the new one, never half.
    # Mode and owner are kept: who changes a service's file as root, or made it readable for a container's user, would
    # lock them out with it.
    before = file.stat() if file.exists() else None
    descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=file.name)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(content)
        stream.flush()
        if before is not None:
            _keep_owner(descriptor, before)
        os.fchmod(descriptor, _PRIVATE if before is None else before.st_mode & 0o777)
        os.fsync(stream.fileno())
    Path(temporary).replace(file)


def _keep_owner(descriptor: int, before: os.stat_result) -> None:
    """As far as it may be: only root gives a file to another user, and others to a group that they are in."""
    for user, group in ((before.st_uid, -1), (-1, before.st_gid)):
        with suppress(OSError):  # a key must be revoked wherever the file lies, also where there are no owners
            os.fchown(descriptor, user, group)


def stamp(file: Path) -> Stamp | None:
    """Differs after each change; None where the file is not there or can't be looked at."""
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
