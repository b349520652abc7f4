"""Filings a minute with the real analysis. Prints JSON.

    [SIGMAK_FILINGS_DIR=...] python -m benchmarks.filings_rate [--filings N]

A plain loop over the analysis, one worker, the loop again, two workers, each on cores of its own. Filings are
variants of the bundled one, or the real ones that have an Item 1A. No text comes twice, and each side begins with an
empty vector cache and an empty store. Partitions are chosen so that each has as much work as the others.
"""

import argparse
import gzip
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from aiokafka.partitioner import murmur2

from benchmarks.labelled import filings_folder
from benchmarks.rig.documents import filing_document
from benchmarks.rig.figures import Figure, print_figures
from benchmarks.rig.plain_loop import LoopTimes, loop_times
from benchmarks.rig.processes import pin, processor_seconds
from benchmarks.rig.running_system import RunningSystem, running_system
from benchmarks.rig.status_topic import EndsOfTasks
from schemas.topics import DEFAULT_PARTITIONS

_WARM_UP = 4
"""Filings beforehand; both workers must have had one."""
_WITHIN = 300.0


def main() -> None:
    """Measure with the number of filings of the command line, and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--filings", type=int, default=12)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        count = _write_filings(folder / "filings", given.filings)
        loops = [_loop(folder, "before")]
        one = _work(folder / "filings", loops[0].seconds, workers=1)
        loops.append(_loop(folder, "between"))
        two = _work(folder / "filings", loops[0].seconds, workers=2)
    loop = 60 / statistics.mean(statistics.mean(each.seconds.values()) for each in loops)
    figures = [
        Figure("plain loop, one core", loop, "filings/min"),
        Figure("one worker, one core", one.a_minute, "filings/min"),
        Figure("one worker: of the plain loop", one.a_minute / loop, "x", at_least=0.9),
        Figure("two workers, two cores", two.a_minute, "filings/min"),
        Figure("two workers: of one", two.a_minute / one.a_minute, "x", at_least=1.8),
        Figure("processor time a filing: plain loop", statistics.mean(each.processor for each in loops) / count, "s"),
        Figure("processor time a filing: one worker", one.processor, "s"),
        Figure("processor time a filing: two workers", two.processor, "s"),
    ]
    source = "real ones" if "SIGMAK_FILINGS_DIR" in os.environ else "variants of the bundled one"
    print_figures("filings_rate", figures, filings=count, source=source)


@dataclass(frozen=True, slots=True)
class Work:
    """Filings a minute from the first POST until the last SUCCESS, and the workers' processor seconds a filing."""

    a_minute: float
    processor: float


def _write_filings(folder: Path, count: int) -> int:
    """Put them there as `F<n>.html`, with one more to warm up; returns how many there are without it."""
    folder.mkdir()
    for number, text in enumerate(_texts(count + 1)):
        (folder / f"F{number:03}.html").write_text(text)
    return len(list(folder.iterdir())) - 1


def _texts(count: int) -> Iterator[str]:
    if "SIGMAK_FILINGS_DIR" not in os.environ:
        yield from (filing_document(number) for number in range(count))
        return
    folder = filings_folder()
    truth = json.loads((folder / "truth.json").read_text())
    found = [name for name, of_filing in truth.items() if of_filing["status"] == "present"]
    for name in found[:count]:
        yield gzip.decompress((folder / "10-K" / f"{name}.gz").read_bytes()).decode("utf-8", "replace")


def _loop(folder: Path, name: str) -> LoopTimes:
    return loop_times(folder / "filings", folder / name, core=_cores(1)[0])


def _work(filings: Path, seconds: Mapping[str, float], *, workers: int) -> Work:
    with running_system(workers=workers) as system:
        for pid, core in zip(system.pids["workers"], _cores(workers), strict=True):
            pin(pid, {core})
        warm_up = min(filings.iterdir())
        with _ends(system, _WARM_UP):
            for partition in range(0, DEFAULT_PARTITIONS, DEFAULT_PARTITIONS // _WARM_UP):
                _submit(system, _tickers(partition, 1)[0], warm_up)
        tickers = even_tickers(seconds)
        processor_before = sum(map(processor_seconds, system.pids["workers"]))
        began = time.perf_counter()
        with _ends(system, len(seconds)):
            for stem in seconds:
                _submit(system, tickers[stem], filings / f"{stem}.html")
        taken = time.perf_counter() - began
        processor = sum(map(processor_seconds, system.pids["workers"])) - processor_before
        return Work(60 * len(seconds) / taken, processor / len(seconds))


@contextmanager
def _ends(system: RunningSystem, count: int) -> Iterator[None]:
    """What is submitted inside has ended after the block."""
    ends = EndsOfTasks(system.kafka)
    try:
        yield
        ends.wait_for(count, within=_WITHIN)
    finally:
        ends.close()


def _submit(system: RunningSystem, ticker: str, file: Path) -> None:
    answer = httpx.post(
        f"{system.url}/analyze",
        params={"ticker": ticker, "filing_year": 2024},
        headers={"Content-Type": "text/html; charset=utf-8", **system.headers},
        content=file.read_bytes(),
    )
    answer.raise_for_status()


def even_tickers(seconds: Mapping[str, float]) -> dict[str, str]:
    """A ticker for each filing so that the partitions have equal work: the longest first, each to the least loaded."""
    load = dict.fromkeys(range(DEFAULT_PARTITIONS), 0.0)
    tickers: dict[str, str] = {}
    unused = {partition: _tickers(partition, len(seconds)) for partition in load}
    for stem in sorted(seconds, key=lambda each: -seconds[each]):
        partition = min(load, key=lambda each: load[each])
        load[partition] += seconds[stem]
        tickers[stem] = unused[partition].pop()
    return tickers


def partition_of(ticker: str) -> int:
    """The partition that Kafka's clients put a ticker on."""
    positive: int = murmur2(ticker.encode()) & 0x7FFFFFFF
    return positive % DEFAULT_PARTITIONS


def _tickers(partition: int, count: int) -> list[str]:
    """Tickers whose filings go to this partition."""
    found: list[str] = []
    number = 0
    while len(found) < count:
        ticker = f"T{number}"
        if partition_of(ticker) == partition:
            found.append(ticker)
        number += 1
    return found


def _cores(count: int) -> Sequence[int]:
    """So many of the cores that this process may run on, from the last: systems begin with the first."""
    return sorted(os.sched_getaffinity(0))[-count:]


if __name__ == "__main__":
    main()
