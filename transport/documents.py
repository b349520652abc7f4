"""Documents by path: an event names a file below an allowed folder instead of carrying it."""

import errno
import os
import stat
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

# O_NONBLOCK: opening a FIFO would wait for its writer.
_NO_LINK = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class PathRefused(ValueError):
    """A path outside the allowed folders, with `..`, or through a symbolic link. Never tells what exists."""

    def __init__(self) -> None:
        super().__init__("html_path must be an absolute path below an allowed folder, without '..' and links.")


class DocumentNotFound(FileNotFoundError):
    """There is no readable file at an allowed path."""


class DocumentTooLarge(ValueError):
    """A file over the limit."""


class DocumentFolders:
    """The folders that documents may be read from; an empty list allows none."""

    def __init__(self, roots: Sequence[Path]) -> None:
        # The folders themselves may be reached through links (/tmp is one on some systems): only what is below may not.
        self._roots = tuple((PurePosixPath(root), Path(os.path.realpath(root))) for root in roots)

    def check(self, path: str) -> None:
        """Refuse a path that could lead out of the folders; one that does not exist passes.

        Raises:
            PathRefused: see there.
        """
        root, parts = self._locate(path)
        current = str(root)
        for part in parts:
            current = os.path.join(current, part)
            try:
                mode = os.lstat(current).st_mode
            except OSError:
                # Nothing below it can be there either, or be read: of 2,000 names the first is the only one looked at.
                return
            if stat.S_ISLNK(mode):
                raise PathRefused

    def read(self, path: str, *, limit: int) -> bytes:
        """The file's bytes, at most `limit`.

        Each step from the folder down is opened relative to the one before and never through a link, so that
        swapping a folder for a link between check and use gains nothing.

        Raises:
            PathRefused, DocumentNotFound, DocumentTooLarge
        """
        root, parts = self._locate(path)
        self.check(path)
        try:
            descriptor = _open_below(root, parts)
            with open(descriptor, "rb") as file:
                document = file.read(limit + 1)
        except OSError as error:
            raise DocumentNotFound("There is no readable file at html_path.") from error
        if len(document) > limit:
            raise DocumentTooLarge(f"The file at html_path is larger than {limit} bytes.")
        return document

    def _locate(self, path: str) -> tuple[Path, tuple[str, ...]]:
        pure = PurePosixPath(path)
        if "\0" in path or not pure.is_absolute() or ".." in pure.parts:
            raise PathRefused
        for named, real in self._roots:
            for root in (named, PurePosixPath(real)):
                if pure != root and pure.is_relative_to(root):
                    return real, pure.relative_to(root).parts
        raise PathRefused


def _open_below(root: Path, parts: tuple[str, ...]) -> int:
    """A descriptor of the regular file at `parts` below `root`; raises OSError where there is none."""
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    for part in parts:
        folder = descriptor
        try:
            descriptor = os.open(part, _NO_LINK, dir_fd=folder)
        finally:
            os.close(folder)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileNotFoundError(errno.ENOENT, "not a regular file")
    return descriptor
