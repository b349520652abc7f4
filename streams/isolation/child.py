"""What the analysis process does: load the analysis once, then analyse one filing after another, within its memory."""

import os
import resource
import sys
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from schemas.filings import FilingSubmitted
from streams.analysis_port import Analysis, AnalysisNotReady
from streams.faults import PermanentFault, TransientFault
from streams.isolation.messages import Answer, Broke, Faulted, Finished, NotReady, Permission, Ready, Step, Stopped

OUT_OF_MEMORY_EXIT = 3
"""Exit code of a child whose allocation was refused. It ends: its heap is full of what the document made of it."""


class _NotPermitted(BaseException):
    """Unwinds the analysis; no `except Exception` in it may keep it from that."""


def serve(connection: Connection, load: Callable[[], Analysis], memory_bytes: int) -> None:
    """Load the analysis, then take filings until the worker closes the connection.

    Args:
        load: raises AnalysisNotReady if the analysis can't be had.
        memory_bytes: what an analysis may allocate beside what the loaded analysis has.
    """
    # A crash would leave a core file with the text of a filing.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        analysis = load()
    except AnalysisNotReady as error:
        connection.send(NotReady(str(error), error.transient))
        return
    _limit_memory(memory_bytes)
    connection.send(Ready())
    try:
        while True:
            connection.send(_analyse(analysis, connection.recv(), connection))
    except MemoryError:
        os._exit(OUT_OF_MEMORY_EXIT)


def _analyse(analysis: Analysis, filing: FilingSubmitted, connection: Connection) -> Answer:
    def report(step: int) -> None:
        connection.send(Step(step))
        if connection.recv() is not Permission.GO_ON:
            raise _NotPermitted

    try:
        return Finished(analysis(filing, report))
    except _NotPermitted:
        return Stopped()
    except (PermanentFault, TransientFault) as fault:
        return Faulted(fault)
    except (MemoryError, EOFError):  # the second: the worker is gone, and nobody waits for an answer
        raise
    except BaseException as error:  # noqa: BLE001 - a panic of a library in Rust is no Exception
        return Broke(type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))


def _limit_memory(allowance: int) -> None:
    """Have the kernel refuse what goes beyond the allowance.

    The worker looks at the resident memory 20 times a second, and kills a child that has too much. This bound holds
    in between. RLIMIT_DATA counts what is mapped, of which threads' stacks and the allocators' arenas take more than a
    gigabyte that is never touched: so it is counted from what the loaded analysis has.
    """
    if sys.platform != "linux":
        return
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    mapped = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmData:"))
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = mapped * 1024 + allowance
    if hard == resource.RLIM_INFINITY or limit < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
