"""A small file that commands change while other processes read it: replaced whole, by one of them at a time."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PRIVATE = 0o600


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
    # The mode is kept: who made the file readable for a container's user would lock it out with the next change.
    mode = file.stat().st_mode & 0o777 if file.exists() else _PRIVATE
    descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=file.name)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(content)
        stream.flush()
        os.fchmod(descriptor, mode)
        os.fsync(stream.fileno())
    Path(temporary).replace(file)


def stamp(file: Path) -> tuple[int, int, int] | None:
    """Differs after each change; None where the file is not there or can't be looked at."""
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
