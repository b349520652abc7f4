"""One analysis process as the worker sees it: what it sends, what it takes, and why it ended."""

import os
import resource
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from streams.faults import AnalysisDied
from streams.isolation.child import OUT_OF_MEMORY_EXIT
from streams.isolation.messages import Answer
from streams.isolation.warm_process import WarmProcess

_LOOK_SECONDS = 0.05
"""How often the child's memory is looked at; in between RLIMIT_DATA bounds it."""
_KEPT = "The filing is kept, and can be submitted again later."


class AnalysisProcess:
    """A child of the warm process. Used by one thread; `kill` by any.

    Args:
        memory_bytes: the resident memory that it may have.
    """

    def __init__(self, warm: WarmProcess, memory_bytes: int) -> None:
        self._warm, self._memory_bytes = warm, memory_bytes
        self._pid, self._connection = warm.fork()
        self._exit_code: int | None = None
        self.ready = False
        """Whether it has said that it takes filings."""

    def has_ended(self) -> bool:
        """Whether it has ended."""
        if self._exit_code is None:
            self._exit_code = self._warm.exit_code(within=0)
        return self._exit_code is not None

    def send(self, message: Any) -> None:
        """Send it a filing or a permission.

        Raises:
            AnalysisDied: it has ended.
        """
        try:
            self._connection.send(message)
        except OSError:
            raise self._death() from None

    def receive(self, *, within: float) -> Answer:
        """Its next answer, within so many seconds.

        Raises:
            AnalysisDied: it has ended, by itself or since it was killed here: for its memory, or for its time.
        """
        until = time.monotonic() + within
        while True:
            left = until - time.monotonic()
            if self._connection.poll(max(0.0, min(left, _LOOK_SECONDS))):
                try:
                    answer: Answer = self._connection.recv()
                except (EOFError, OSError):
                    raise self._death() from None
                return answer
            if resident_bytes(self._pid) > self._memory_bytes:
                self.end()
                raise self._out_of_memory()
            if left <= 0:
                self.end()
                raise AnalysisDied("analysis_timeout", f"The analysis took too long and was stopped. {_KEPT}")

    def kill(self) -> None:
        """Kill it; `receive` raises AnalysisDied."""
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)

    def end(self) -> None:
        """Kill it unless it has ended, and return when it has."""
        if not self.has_ended():
            self.kill()
            self._exit_code = self._warm.exit_code()
        self._connection.close()

    def _death(self) -> AnalysisDied:
        # Its end of the connection closes as it ends.
        if self._exit_code is None:
            self._exit_code = self._warm.exit_code()
        self._connection.close()
        if self._exit_code in {
            OUT_OF_MEMORY_EXIT,
            -signal.SIGKILL,
        }:  # the second: by the kernel, for the machine's memory
            return self._out_of_memory()
        return AnalysisDied("analysis_crashed", f"The process of the analysis ended in the middle of it. {_KEPT}")

    def _out_of_memory(self) -> AnalysisDied:
        return AnalysisDied(
            "analysis_out_of_memory", f"The analysis needed more memory than it may have and was stopped. {_KEPT}"
        )


def resident_bytes(pid: int) -> int:
    """The memory that a process has resident; 0 if it has ended, and where there is no /proc."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * resource.getpagesize()
