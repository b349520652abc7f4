"""What Linux tells of processes, and where it lets them run."""

import os
import resource
from pathlib import Path


def resident_mib(pid: int) -> float:
    """The memory that a process has resident now, in MiB."""
    return _status_mib(pid, "VmRSS")


def peak_resident_mib(pid: int) -> float:
    """The most that it has had resident since its start, in MiB."""
    return _status_mib(pid, "VmHWM")


def pin(pid: int, cores: set[int]) -> None:
    """Let a process run on these cores only: every thread that it has, and those that they start."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), cores)


def processor_seconds(pid: int) -> float:
    """The processor time that a process has used since its start, in seconds."""
    return _seconds(Path(f"/proc/{pid}"))


def thread_seconds(pid: int, name: str) -> float:
    """The processor time of those of its threads that run and whose names begin so, in seconds."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(_seconds(thread) for thread in threads if (thread / "comm").read_text().startswith(name))


def with_descendants(pid: int) -> list[int]:
    """The process and all that descend from it."""
    found = [pid]
    for each in found:
        for thread in Path(f"/proc/{each}/task").iterdir():
            found.extend(map(int, (thread / "children").read_text().split()))
    return found


def memory_bytes() -> int:
    """The machine's memory."""
    return os.sysconf("SC_PHYS_PAGES") * resource.getpagesize()


def _seconds(process: Path) -> float:
    # Behind the name, which may hold blanks: the 14th and 15th of proc(5)'s fields are at 11 and 12.
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _status_mib(pid: int, field: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"/proc/{pid}/status has no {field}")
