"""The tests' side of the preloaded processes."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from ops.local.process import bound_to_parent

_START_WITHIN = 60.0


class Preloaded:
    """Launches `sigmak` commands."""

    def __init__(self) -> None:
        """To be made, and used, by a thread that lives as long as the processes are to."""
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        server = [sys.executable, "-m", "tests.system.preloaded.server", str(theirs.fileno())]
        with theirs:
            self._server = subprocess.Popen(bound_to_parent(server), pass_fds=[theirs.fileno()])

    def launch(self, command: Sequence[str], *, cwd: Path | None, env: Mapping[str, str], output: BinaryIO) -> "Forked":
        """Launch a command of `sigmak` by its arguments, in the folder of the tests."""
        assert cwd is None
        told, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        order = json.dumps({"arguments": [*command], "environment": dict(env)}).encode()
        with theirs:
            socket.send_fds(self._orders, [order], [output.fileno(), theirs.fileno()])
        return Forked([*command], told)

    def close(self) -> None:
        """End it, and with it whatever it launched and still runs."""
        self._orders.close()
        self._server.wait()


class Forked:
    """A process that was launched."""

    def __init__(self, command: list[str], told: socket.socket) -> None:
        self._command = command
        self._told = told
        self._told.settimeout(_START_WITHIN)
        pid = self._told.recv(16)
        assert pid, "the preloaded process could not fork: its last words are on standard error"
        self.pid = int(pid)
        self._exit_code: int | None = None

    def poll(self) -> int | None:
        """The exit code, once it has ended; negative for the signal that ended it."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; returns as `poll`.

        Raises:
            subprocess.TimeoutExpired: where it has not ended in time.
        """
        if self._exit_code is None:
            self._told.settimeout(timeout)
            try:
                code = self._told.recv(16)
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired(self._command, timeout or 0) from None
            assert code, "its keeper was killed"
            self._exit_code = int(code)
            self._told.close()
        return self._exit_code

    def terminate(self) -> None:
        """SIGTERM, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)
