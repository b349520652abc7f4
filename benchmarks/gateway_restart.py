"""How fast a gateway is back, and what memory it takes. Prints JSON.

    python -m benchmarks.gateway_restart [--statuses N] [--rounds N]

So many statuses are put on the status topic: nine of ten a SUCCESS with a result, about 1 KB each, the others
PROGRESS. A gateway then starts without a table, is stopped, and starts on the table that it has; `/ready` says when
it is ready, counted from the start of its process.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.rig.empty_analysis import sample_assessment
from benchmarks.rig.figures import Figure, print_figures
from benchmarks.rig.processes import peak_resident_mib, processor_seconds, resident_mib
from benchmarks.rig.status_topic import finished_status, put_statuses, running_status
from benchmarks.rig.warm_kafka import warm_kafka
from gateway.keys import add_key
from ops.local.kafka_server import BOOTSTRAP_VARIABLE
from ops.local.ports import LOOPBACK, free_ports
from ops.local.process import Process
from schemas.tasks import TaskStatus
from schemas.topics import catalogue
from transport.connection import KafkaConnection
from transport.topics import TopicAdmin

_READY_WITHIN = 60.0
_RUNNING_EVERY = 10
_ONE_RISK = sample_assessment(100, risks=1)
"""Its SUCCESS has about 1 KB."""


@dataclass(frozen=True, slots=True)
class Started:
    """One start of a gateway: seconds until it was ready, the processor.s among them, memory in MiB then and most."""

    seconds: float
    processor: float
    resident: float
    peak: float


def main() -> None:
    """Measure with the sizes of the command line, and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--statuses", type=int, default=100_000)
    arguments.add_argument("--rounds", type=int, default=3)
    given = arguments.parse_args()
    rebuilt: list[Started] = []
    resumed: list[Started] = []
    with tempfile.TemporaryDirectory() as name, warm_kafka() as warm:
        folder, kafka = Path(name), warm.bootstrap_servers
        TopicAdmin(KafkaConnection(kafka)).apply(catalogue())
        add_key(folder / "keys.json", "benchmark")
        put_statuses(kafka, mixed_statuses(given.statuses))
        for _ in range(given.rounds):
            shutil.rmtree(folder / "table", ignore_errors=True)
            rebuilt.append(_start(kafka, folder))
            resumed.append(_start(kafka, folder))
    figures = [
        Figure("ready from the topic", statistics.median(each.seconds for each in rebuilt), "s", at_most=3),
        Figure("ready from its table", statistics.median(each.seconds for each in resumed), "s", at_most=1),
        Figure("processor time, from the topic", statistics.median(each.processor for each in rebuilt), "s"),
        Figure("processor time, from its table", statistics.median(each.processor for each in resumed), "s"),
        Figure("memory, from the topic", max(each.resident for each in rebuilt), "MiB", at_most=250),
        Figure("memory, from the topic: peak", max(each.peak for each in rebuilt), "MiB"),
        Figure("memory, from its table", max(each.resident for each in resumed), "MiB", at_most=250),
    ]
    size = len(finished_status(_ONE_RISK).model_dump_json())
    print_figures("gateway_restart", figures, **vars(given), status_bytes=size)


def mixed_statuses(count: int) -> Iterator[TaskStatus]:
    """So many, as the module says."""
    for number in range(count):
        yield running_status(number % 5 + 1) if number % _RUNNING_EVERY == 0 else finished_status(_ONE_RISK)


@contextmanager
def starting_gateway(kafka: str, folder: Path) -> Iterator[tuple[Process, Callable[[], None]]]:
    """A gateway that was only started, on the table and the keys in a folder, and what returns when it is ready."""
    port = free_ports(1)[0]
    environment = {
        BOOTSTRAP_VARIABLE: kafka,
        "SIGMAK_PORT": str(port),
        "SIGMAK_API_KEYS_FILE": str(folder / "keys.json"),
        "SIGMAK_STATUS_TABLE_DIR": str(folder / "table"),
    }
    command = [sys.executable, "-m", "ops.main", "gateway"]
    process = Process("gateway", command, log=folder / "gateway.log", env=environment)
    process.start()
    try:
        with httpx.Client(base_url=f"http://{LOOPBACK}:{port}", trust_env=False) as client:
            yield process, lambda: process.wait_until_ready(lambda: _is_ready(client), within=_READY_WITHIN)
    finally:
        process.stop()


def _start(kafka: str, folder: Path) -> Started:
    began = time.perf_counter()
    with starting_gateway(kafka, folder) as (process, wait_until_ready):
        wait_until_ready()
        seconds, pid = time.perf_counter() - began, process.pid
        return Started(seconds, processor_seconds(pid), resident_mib(pid), peak_resident_mib(pid))


def _is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/ready").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


if __name__ == "__main__":
    main()
