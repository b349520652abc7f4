"""Where the time of a request to the gateway goes, and that of its start. Prints JSON.

    python -m benchmarks.gateway_profile [--seconds S]

As many requests of each kind as are answered: filings of 2 MB and of 5 KB, results of 1 KB and 300 KB. Of each, the
processor milliseconds that a request takes in the gateway, in its client of Kafka, in the broker and in the program
that asks; the same of the bare route beside it; and where the gateway's Python spends its part, sampled by py-spy. Then
a start on 100,000 statuses, from the topic and from its table. py-spy needs leave to look into other processes: root,
or `kernel.yama.ptrace_scope=0`.
"""

import argparse
import json
import os
import resource
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from benchmarks.gateway_restart import mixed_statuses, starting_gateway
from benchmarks.rig.bare_routes import bare_server
from benchmarks.rig.machine import machine
from benchmarks.rig.processes import processor_seconds, thread_seconds
from benchmarks.rig.profile import Recording
from benchmarks.rig.running_system import RunningSystem, running_system
from benchmarks.rig.status_topic import finished_statuses, put_statuses
from benchmarks.rig.vegeta import Target, unpaced
from benchmarks.status_reads import CONNECTIONS as READERS
from benchmarks.status_reads import SIZES, TASKS
from benchmarks.submissions import CONNECTIONS as SENDERS
from benchmarks.submissions import Bodies
from gateway.keys import add_key

_STATUSES = 100_000
_START_SECONDS = 8.0
"""Longer than a start takes; idle, it is in no sample."""

Meters = Mapping[str, Callable[[], float]]
"""Name -> how many seconds of the processor it has used by now."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Requests of one kind, and the bare route's that they are compared with."""

    asked: Sequence[Target]
    bare: Sequence[Target]
    connections: int


def main() -> None:
    """Profile each kind for the seconds of the command line, and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=5.0)
    seconds = arguments.parse_args().seconds
    with tempfile.TemporaryDirectory() as name, running_system(workers=0) as system:
        folder = Path(name)
        statuses = {size: finished_statuses(length, TASKS) for size, length in SIZES.items()}
        for size, of_size in statuses.items():
            put_statuses(system.kafka, of_size, owner=system.key_id)
            (folder / _file(size)).write_bytes(of_size[0].model_dump_json().encode())
        bodies = Bodies(folder)
        with bare_server(folder, system.logs / "bare.log") as bare:
            kinds = {
                f"POST {name}": Kind(bodies.targets(system, kind), bodies.bare_targets(bare.url, kind), SENDERS)
                for name, kind in (("2 MB json", "json"), ("2 MB raw", "raw"), ("5 KB", "small"))
            }
            for size, of_size in statuses.items():
                asked = [Target("GET", f"{system.url}/tasks/{each.task_id}", system.headers) for each in of_size]
                kinds[f"GET {size}"] = Kind(asked, [Target("GET", f"{bare.url}/bytes/{_file(size)}")], READERS)
            requests = {name: _profile(system, bare.pid, kind, folder, seconds) for name, kind in kinds.items()}
        starts = _starts(system, folder)
    document = {"script": "gateway_profile", "machine": machine(), "requests": requests, "starts": starts}
    print(json.dumps(document, indent=1))


def _profile(system: RunningSystem, bare: int, kind: Kind, folder: Path, seconds: float) -> dict[str, object]:
    gateway, broker = system.pids["gateways"][0], system.pids["kafka"][0]

    def client_of_kafka() -> float:
        return thread_seconds(gateway, "rdk:")

    ours: Meters = {
        "gateway": lambda: processor_seconds(gateway) - client_of_kafka(),
        "its client of Kafka": client_of_kafka,
        "broker": lambda: processor_seconds(broker),
    }
    unpaced(kind.asked, connections=kind.connections, seconds=seconds)
    used = _metered(kind.asked, kind.connections, seconds, ours)
    used_bare = _metered(kind.bare, kind.connections, seconds, {"bare route": lambda: processor_seconds(bare)})
    # In a run of its own: being looked at costs time.
    recording = Recording([gateway], folder, seconds)
    unpaced(kind.asked, connections=kind.connections, seconds=seconds)
    [profile] = recording.profiles()
    return {"gateway": used, "bare route": used_bare, "python": profile.as_json(seconds=seconds)}


def _starts(system: RunningSystem, folder: Path) -> dict[str, object]:
    add_key(folder / "keys.json", "benchmark")
    put_statuses(system.kafka, mixed_statuses(_STATUSES))
    profiles: dict[str, object] = {}
    for name in ("from the topic", "from its table"):
        with starting_gateway(system.kafka, folder) as (process, wait_until_ready):
            recording = Recording([process.pid], folder, _START_SECONDS)
            wait_until_ready()
            [profile] = recording.profiles()
        profiles[name] = profile.as_json(seconds=_START_SECONDS)
    return profiles


def _metered(targets: Sequence[Target], connections: int, seconds: float, meters: Meters) -> dict[str, object]:
    meters = {**meters, "who asks": _children}
    before, began = {name: meter() for name, meter in meters.items()}, perf_counter()
    load = unpaced(targets, connections=connections, seconds=seconds)
    used, took = {name: meter() - before[name] for name, meter in meters.items()}, perf_counter() - began
    cores = os.cpu_count() or 1
    return {
        "answers_a_second": round(load.answers_a_second),
        "processor_ms_a_request": {name: round(each * 1000 / load.requests, 3) for name, each in used.items()},
        "cores_that_these_used": f"{sum(used.values()) / took:.2f} of {cores}",
    }


def _children() -> float:
    """Of the programs that this one has run: the load's."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _file(size: str) -> str:
    return size.replace(" ", "")


if __name__ == "__main__":
    main()
