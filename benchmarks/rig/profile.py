"""Where a process spends its processor time, by py-spy's samples of its stacks."""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

RATE = 200
"""Samples a second."""
OURS = ("schemas", "transport", "gateway", "streams", "benchmarks")

_FRAME = re.compile(r"(?P<function>.+) \((?P<file>[^():]+)(:\d+)?\)")


@dataclass(frozen=True, slots=True)
class Profile:
    """Shares of the samples in which a thread had the GIL; one that waits, or works outside of Python, is in none."""

    samples: int
    by_owner: dict[str, float]
    """Package or room of the innermost frame -> share."""
    by_call: dict[str, float]
    """Function of ours -> share of what it and all that it calls take."""

    @classmethod
    def from_stacks(cls, lines: Iterable[str]) -> Self:
        """Read `py-spy record --format raw`: a line a stack, outermost frame first, with the number of its samples."""
        total = 0
        owners: Counter[str] = Counter()
        calls: Counter[str] = Counter()
        for line in lines:
            stack, _, count = line.rpartition(" ")
            frames = [frame for text in stack.split(";") if (frame := _FRAME.fullmatch(text))]
            if not frames:
                continue
            total += int(count)
            owners[_owner(frames[-1]["file"])] += int(count)
            ours = {f"{frame['file']} {frame['function']}" for frame in frames if _owner(frame["file"]) in OURS}
            calls.update(dict.fromkeys(ours, int(count)))
        return cls(total, _shares(owners, total), _shares(calls, total))

    def as_json(self, *, seconds: float, calls: int = 20) -> dict[str, object]:
        """As the scripts print it; `busy` is the share of the time in which Python ran."""
        top = dict(list(self.by_call.items())[:calls])
        busy = round(self.samples / (RATE * seconds), 2)
        return {"busy": busy, "share_by_owner": self.by_owner, "share_by_call_of_ours": top}


class Recording:
    """Samples several processes at once, for so many seconds."""

    def __init__(self, pids: Sequence[int], folder: Path, seconds: float) -> None:
        """Start; returns at once. The processes are slowed a little."""
        self._seconds = seconds
        self._recorders = [(folder / f"{pid}.stacks", self._start(pid, folder / f"{pid}.stacks")) for pid in pids]

    def profiles(self) -> list[Profile]:
        """One a process, when the seconds are over.

        Raises:
            RuntimeError: where py-spy may not look into another process (it may as root, or with ptrace_scope 0).
        """
        for _, recorder in self._recorders:
            output, _ = recorder.communicate(timeout=self._seconds + 60)
            if recorder.returncode != 0:
                raise RuntimeError(f"py-spy could not record: {output.strip()}")
        return [Profile.from_stacks(stacks.read_text().splitlines()) for stacks, _ in self._recorders]

    def _start(self, pid: int, stacks: Path) -> "subprocess.Popen[str]":
        options = [
            "--pid",
            str(pid),
            "--rate",
            str(RATE),
            "--duration",
            str(int(self._seconds)),
            "--nonblocking",
            "--gil",
        ]
        command = [
            str(Path(sys.executable).with_name("py-spy")),
            "record",
            *options,
            "--format",
            "raw",
            "--output",
            str(stacks),
        ]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def _owner(file: str) -> str:
    """The package or room of a file; what has none is Python's own."""
    if file.startswith("<"):
        return "python"
    parts = Path(file).parts
    if "site-packages" in parts:
        return parts[parts.index("site-packages") + 1].removesuffix(".py")
    return next((part for part in parts if part in OURS), parts[0] if len(parts) > 1 and parts[0] != "/" else "python")


def _shares(counts: Counter[str], total: int) -> dict[str, float]:
    return {name: round(count / total, 3) for name, count in counts.most_common()}
