"""Where the time of one event goes when its analysis costs nothing. Prints JSON.

    python -m benchmarks.event_profile [--seconds S]

Two workers and a gateway take tasks for so many seconds: processor milliseconds a task of each kind of process, and
where Python's part of it goes, sampled by py-spy. That needs leave to look into other processes: root, or
`kernel.yama.ptrace_scope=0`.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

from benchmarks.rig.machine import machine
from benchmarks.rig.processes import processor_seconds
from benchmarks.rig.profile import Recording
from benchmarks.rig.running_system import RunningSystem, running_system
from benchmarks.rig.status_topic import EndsOfTasks
from benchmarks.rig.vegeta import unpaced
from benchmarks.task_rate import ANALYSIS, CONNECTIONS, PROCESSES, task_targets

_WITHIN = 120.0


def main() -> None:
    """Profile for the seconds of the command line, and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=6.0)
    seconds = arguments.parse_args().seconds
    with (
        tempfile.TemporaryDirectory() as name,
        running_system(workers=PROCESSES, analysis=ANALYSIS) as system,
    ):
        targets = task_targets(system, Path(name))
        ends = EndsOfTasks(system.kafka)
        warm_up = unpaced(targets, connections=CONNECTIONS, seconds=seconds).requests
        ends.wait_for(warm_up, within=_WITHIN)
        before, began = _processor_seconds(system), time.perf_counter()
        sent = unpaced(targets, connections=CONNECTIONS, seconds=seconds).requests
        ends.wait_for(sent, within=_WITHIN)
        rate = sent / (time.perf_counter() - began)
        used = {kind: (now - before[kind]) * 1000 / sent for kind, now in _processor_seconds(system).items()}
        # In a run of its own: being looked at costs time.
        pids = {"gateway": system.pids["gateways"][0], "worker": system.pids["workers"][0]}
        recording = Recording([*pids.values()], Path(name), seconds)
        sent = unpaced(targets, connections=CONNECTIONS, seconds=seconds).requests
        profiles = [profile.as_json(seconds=seconds) for profile in recording.profiles()]
        ends.wait_for(sent, within=_WITHIN)
        ends.close()
    document = {
        "script": "event_profile",
        "machine": machine(),
        "tasks_a_second": round(rate),
        "ms_a_task_in_a_worker": round(PROCESSES * 1000 / rate, 1),
        "processor_ms_a_task": {kind: round(milliseconds, 2) for kind, milliseconds in used.items()},
        "python": dict(zip(pids, profiles, strict=True)),
    }
    print(json.dumps(document, indent=1))


def _processor_seconds(system: RunningSystem) -> dict[str, float]:
    return {kind: sum(map(processor_seconds, pids)) for kind, pids in system.pids.items()}


if __name__ == "__main__":
    main()
