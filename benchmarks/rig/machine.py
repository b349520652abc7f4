"""The machine that figures come from."""

import os
import platform
from pathlib import Path

from benchmarks.rig.processes import memory_bytes

_LOAD_BEFORE = os.getloadavg()[0]
"""Taken as the script begins: later it is the script's own."""


def machine() -> dict[str, object]:
    """What must stand beside a figure; the load tells whether something else ran."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory_bytes() / 2**30, 1),
        "python": platform.python_version(),
        "load_before": round(_LOAD_BEFORE, 1),
    }


def processor() -> str:
    """The processor's name as the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", maxsplit=1)[1].strip()
    return platform.processor() or platform.machine()
