"""Server processes that never outlive this one."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, Protocol

from streams.isolation import die_with_parent

_SHORTEST_POLL, _LONGEST_POLL = 0.02, 0.2
"""Seconds. Between them a tenth of the wait: whoever asks a starting server too often takes the time it starts with."""
_TAIL_LINES = 15
_TAIL_BYTES = 64 * 1024

# The kernel takes the death of the *thread* that forked for the parent's. So one thread, which lives as long
# as this process, forks for all: a server that a short-lived thread had started would be killed at its end.
_forking_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="fork")


class ServerDidNotStart(RuntimeError):
    """A server ended, or was not ready in time. The message has the last lines of its log."""


def wait_until(condition: Callable[[], bool], *, within: float, what: str = "the condition") -> None:
    """Return as soon as `condition` is true.

    Raises:
        TimeoutError: if it is not within `within` seconds; `what` says what was waited for.
    """
    began = time.monotonic()
    while not condition():
        waited = time.monotonic() - began
        if waited >= within:
            raise TimeoutError(f"{what} did not come true within {within:g} s")
        time.sleep(min(max(_SHORTEST_POLL, waited / 10), _LONGEST_POLL))


def bound_to_parent(command: Sequence[str]) -> list[str]:
    """The command line that runs `command` until this process dies at the latest.

    To be started by a thread that outlives the command.
    """
    wrapper = [sys.executable, "-I", "-S", die_with_parent.__file__, str(os.getpid())]
    return [*wrapper, *command]


def with_tail(message: str, output: str) -> str:
    """`message`, and below it the last lines of a program's output."""
    return "\n    ".join([message, *output.strip().splitlines()[-_TAIL_LINES:]])


class Launched(Protocol):
    """A process that was launched, and leads a session of its own: as much of `subprocess.Popen` as is needed here."""

    @property
    def pid(self) -> int:
        """Its process id, which is its session's too."""

    def poll(self) -> int | None:
        """Its exit code, once it has ended; negative for the signal that ended it."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; returns its exit code.

        Raises:
            subprocess.TimeoutExpired: where it has not ended in time.
        """

    def terminate(self) -> None:
        """SIGTERM, unless it has ended."""


class Launch(Protocol):
    """A way to launch a command that dies with this process at the latest."""

    def __call__(
        self, command: Sequence[str], *, cwd: Path | None, env: Mapping[str, str], output: BinaryIO
    ) -> Launched:
        """Launch it; `env` is its whole environment."""


def execute(command: Sequence[str], *, cwd: Path | None, env: Mapping[str, str], output: BinaryIO) -> Launched:
    """Launch it as any program is; `env` is its whole environment."""
    return _forking_thread.submit(
        subprocess.Popen,
        bound_to_parent(command),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=env,
        start_new_session=True,
    ).result()


class Process:
    """One server process, with a log file of its own.

    It is a session of its own, too: Ctrl-C in a terminal does not reach it, and who started it decides in
    which order servers stop.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        launch: Launch = execute,
    ) -> None:
        """`env` is added to the environment of this process. Output is appended to `log`."""
        self.name = name
        self.log = log
        self._command = list(command)
        self._cwd = cwd
        self._env = dict(env or {})
        self._launch = launch
        self._launched: Launched | None = None
        self._log_start = 0

    @property
    def pid(self) -> int:
        """The server's own process id, also after its end.

        Raises:
            RuntimeError: before the first start.
        """
        if self._launched is None:
            raise RuntimeError(f"{self.name} was never started")
        return self._launched.pid

    @property
    def running(self) -> bool:
        """Whether the process was started and has not ended."""
        return self._launched is not None and self._launched.poll() is None

    def start(self) -> None:
        """Start it; returns at once. May be called again after its end."""
        if self.running:
            raise RuntimeError(f"{self.name} runs already")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self._log_start = output.tell()
            self._launched = self._launch(self._command, cwd=self._cwd, env={**os.environ, **self._env}, output=output)

    def wait_until_ready(self, ready: Callable[[], bool], *, within: float) -> None:
        """Return once `ready` is true.

        Raises:
            ServerDidNotStart: if the process ends before, or if it takes longer than `within` seconds.
        """
        try:
            wait_until(lambda: not self.running or ready(), within=within)
        except TimeoutError:
            late = f"{self.name} was not ready within {within:g} s"
            raise ServerDidNotStart(self._with_log_tail(late)) from None
        if not self.running:
            raise ServerDidNotStart(self._with_log_tail(f"{self.name} {self.ending()} while starting"))

    def terminate(self) -> None:
        """Ask it to end (SIGTERM); returns at once."""
        if self._launched is not None:
            self._launched.terminate()

    def stop(self, *, within: float = 10.0) -> None:
        """Ask it to end, and kill it if it has not within `within` seconds."""
        stop_all([self], within=within)

    def kill(self) -> None:
        """Kill it and what it started (SIGKILL to its session); returns when it has ended."""
        if self._launched is None:
            return
        if self.running:
            os.killpg(self._launched.pid, signal.SIGKILL)
        self._launched.wait()

    def ended_within(self, seconds: float) -> bool:
        """Wait for its end, for so long at most; returns whether it has ended."""
        if self._launched is None:
            return True
        try:
            self._launched.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def ending(self) -> str:
        """How it ended, as the end of a sentence.

        Raises:
            RuntimeError: if it has not ended.
        """
        code = self._launched.poll() if self._launched else None
        if code is None:
            raise RuntimeError(f"{self.name} has not ended")
        return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"

    def output(self) -> str:
        """What it has written since its last start; the end of it, where that is much."""
        if self._launched is None:
            return ""
        with self.log.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(self._log_start, size - _TAIL_BYTES))
            return log.read().decode(errors="replace")

    def _with_log_tail(self, message: str) -> str:
        output = self.output()
        if not output.strip():
            return f"{message}; it wrote nothing to {self.log}"
        return with_tail(f"{message}. The last lines of {self.log}:", output)


def stop_all(processes: Iterable[Process], *, within: float) -> None:
    """Ask all to end at once, and kill those that have not within `within` seconds."""
    processes = list(processes)
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + within
    for process in processes:
        if not process.ended_within(max(0.0, deadline - time.monotonic())):
            process.kill()
