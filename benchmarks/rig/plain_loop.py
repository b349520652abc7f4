"""The analysis that a worker runs, in a plain loop without Kafka: what the agents are compared with.

    python -m benchmarks.rig.plain_loop FOLDER

Reads the filings of FOLDER (`TICKER.html`), with the settings of SIGMAK_*, and prints as JSON the seconds that each
took, by the clock and of the processor; the first of them, by name, is only to warm up.
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from schemas.filings import FilingSubmitted
from streams.assembly import load_configured_analysis
from streams.settings import WorkerSettings


@dataclass(frozen=True, slots=True)
class LoopTimes:
    """What a loop took: the seconds of each filing, and those of the processor for all."""

    seconds: dict[str, float]
    processor: float


def loop_times(filings: Path, scratch: Path, *, core: int) -> LoopTimes:
    """Run the loop in a process of its own, on one core, with a store and a vector cache of its own in `scratch`."""
    environment = {
        "SIGMAK_STORE_DIR": str(scratch / "store"),
        "SIGMAK_VECTOR_CACHE": str(scratch / "vectors.sqlite"),
    }
    answer = subprocess.run(
        [sys.executable, "-m", "benchmarks.rig.plain_loop", str(filings)],
        env={**os.environ, **environment},
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        check=True,
        stdout=subprocess.PIPE,
    )
    return LoopTimes(**json.loads(answer.stdout))


def main() -> None:
    """Read all, one after the other."""
    settings = WorkerSettings()
    os.nice(settings.worker_nice)
    analysis = load_configured_analysis(settings)
    seconds: dict[str, float] = {}
    processor_before = 0.0
    for number, file in enumerate(sorted(Path(sys.argv[1]).iterdir())):
        began = time.perf_counter()
        analysis(FilingSubmitted(ticker=file.stem, filing_year=2024, html_content=file.read_text()), lambda _step: None)
        if number:
            seconds[file.stem] = time.perf_counter() - began
        else:
            processor_before = time.process_time()
    print(json.dumps({"seconds": seconds, "processor": time.process_time() - processor_before}))


if __name__ == "__main__":
    main()
