"""A lock between processes, for what only one of them may fetch or build."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def only_one_process(lock: Path) -> Iterator[None]:
    """Hold the lock, which is a file; another process, or thread, waits until it is let go."""
    with lock.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
