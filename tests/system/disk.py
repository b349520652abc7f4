"""A small disk of a test's own, to be filled and to be made read-only."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ops.local.process import Process, ServerDidNotStart

_MOUNT_AND_STAY = 'mount -t tmpfs -o size=128m tmpfs "$0" && echo mounted && exec sleep infinity'
_FILL = 'head -c 1G /dev/zero > "$0" 2> /dev/null; test -s "$0"'


class Disk:
    """A tmpfs in a mount namespace: nobody else sees it, any user may have one, and it goes with its process.

    Args:
        folder: where it is mounted, for those who run `inside`.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        command = ["unshare", "--mount", "--map-root-user", "sh", "-c", _MOUNT_AND_STAY, str(folder)]
        self._keeper = Process("disk", command, log=folder.with_suffix(".log"))
        self._keeper.start()
        self._keeper.wait_until_ready(lambda: "mounted" in self._keeper.output(), within=10)

    @property
    def inside(self) -> list[str]:
        """The command before one that is to see the disk."""
        return ["nsenter", "--mount", "--user", "--preserve-credentials", "--target", str(self._keeper.pid)]

    @contextmanager
    def full(self) -> Iterator[None]:
        """No byte is free."""
        filling = str(self.folder / "filling")
        self._run("sh", "-c", _FILL, filling)
        try:
            yield
        finally:
            self._run("rm", filling)

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Nothing can be opened for writing. What is open already stays so: Linux refuses to take that away."""
        self._run("mount", "--bind", str(self.folder), str(self.folder))
        try:
            self._run("mount", "-o", "remount,bind,ro", str(self.folder))
            yield
        finally:
            self._run("umount", "--lazy", str(self.folder))

    def gone(self) -> None:
        """Unmount it, with all that it holds."""
        self._keeper.kill()

    def _run(self, *command: str) -> None:
        subprocess.run([*self.inside, *command], check=True, timeout=20)


@contextmanager
def own_disk(folder: Path) -> Iterator[Disk]:
    """A disk for the time of the block; skips where the system allows no namespaces, and fails under CI."""
    try:
        disk = Disk(folder)
    except ServerDidNotStart as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no disk of the test's own: {error}")
    try:
        yield disk
    finally:
        disk.gone()
