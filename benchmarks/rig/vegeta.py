"""Load from vegeta: open loop, so that a slow answer does not slow the questions; and outside of Python."""

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from ops.local.go_program import go_program

_VERSION = "12.13.0"
_SECONDS_BEYOND = 60.0
"""What a load may take beyond its duration: requests that wait for their answers."""


class LoadFailed(RuntimeError):
    """Requests were refused or unanswered: their times say nothing of the others'."""


@dataclass(frozen=True, slots=True)
class Target:
    """One request; vegeta takes a load's targets in turn."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Path | None = None

    def as_text(self) -> str:
        """The target in vegeta's format."""
        lines = [f"{self.method} {self.url}", *(f"{name}: {value}" for name, value in self.headers.items())]
        return "\n".join([*lines, *([] if self.body is None else [f"@{self.body}"])])


@dataclass(frozen=True, slots=True)
class Load:
    """How a load went: answers a second, and percentiles of the time to an answer in milliseconds."""

    requests: int
    answers_a_second: float
    p50_ms: float
    p99_ms: float
    max_ms: float

    @classmethod
    def from_report(cls, report: Mapping[str, Any]) -> Self:
        """Read `vegeta report -type=json`.

        Raises:
            LoadFailed: where not every request was answered with a status of 2xx.
        """
        if report["success"] != 1:
            raise LoadFailed(f"not every request succeeded: {report['status_codes']}, {report['errors'][:3]}")
        times = report["latencies"]
        return cls(
            requests=report["requests"],
            answers_a_second=report["throughput"],
            p50_ms=times["50th"] / 1e6,
            p99_ms=times["99th"] / 1e6,
            max_ms=times["max"] / 1e6,
        )


def paced(targets: Sequence[Target], *, rate: int, connections: int, seconds: float) -> Load:
    """Send so many requests a second, whatever the answers take."""
    return _attack(targets, f"-rate={rate}/1s", f"-duration={seconds}s", f"-max-connections={connections}")


def unpaced(targets: Sequence[Target], *, connections: int, seconds: float) -> Load:
    """Send the next request on each connection as soon as the last one is answered."""
    workers = f"-workers={connections}", f"-max-workers={connections}"
    return _attack(targets, "-rate=0", f"-duration={seconds}s", f"-max-connections={connections}", *workers)


def answers_a_second(targets: Sequence[Target], *, connections: int, seconds: float) -> float:
    """How many are answered a second when the next is sent as soon as one is."""
    return unpaced(targets, connections=connections, seconds=seconds).answers_a_second


def within_a_second(targets: Sequence[Target], *, requests: int, connections: int) -> Load:
    """Have so many requests due within a second; on a busy machine vegeta may send a few less."""
    return _attack(targets, f"-rate={requests}/1s", "-duration=1s", f"-max-connections={connections}")


def vegeta_program() -> Path:
    """The path of vegeta (18 MB, built in seconds); raises as `go_program` does."""
    return go_program("vegeta", "github.com/tsenart/vegeta/v12", _VERSION)


def _attack(targets: Sequence[Target], *options: str) -> Load:
    program = str(vegeta_program())
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = Path(folder) / "targets", Path(folder) / "answers"
        asked.write_text("\n\n".join(target.as_text() for target in targets) + "\n")
        # Bodies are read and dropped: kept, those of a few seconds would be gigabytes.
        attack = [program, "attack", f"-targets={asked}", f"-output={answered}", "-max-body=0", *options]
        subprocess.run(attack, check=True, timeout=_SECONDS_BEYOND + 60)
        report = subprocess.run([program, "report", "-type=json", str(answered)], check=True, capture_output=True)
    return Load.from_report(json.loads(report.stdout))
