"""How fast a task's status is read. Prints JSON.

    python -m benchmarks.status_reads [--seconds S] [--rounds N]

`GET /tasks/{id}` of finished tasks with results of 1 KB and 300 KB: at 1,000 a second over 50 connections; then as
many as are answered. Each beside a bare FastAPI route that answers with the same bytes, which tells of the machine.
"""

import argparse
import tempfile
from functools import partial
from pathlib import Path

from benchmarks.rig.bare_routes import bare_server
from benchmarks.rig.figures import Figure, print_figures
from benchmarks.rig.running_system import RunningSystem, running_system
from benchmarks.rig.status_topic import finished_statuses, put_statuses
from benchmarks.rig.turns import in_turn
from benchmarks.rig.vegeta import Target, answers_a_second, paced
from schemas.tasks import TaskStatus

SIZES = {"1 KB": 1_000, "300 KB": 300_000}
"""Bytes of an answer."""
TASKS = 100
CONNECTIONS = 50
RATE = 1000


def main() -> None:
    """Measure with the durations of the command line, and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=3.0, help="of each unpaced load; a paced one takes thrice")
    arguments.add_argument("--rounds", type=int, default=2, help="in which what is compared takes turns")
    given = arguments.parse_args()
    figures: list[Figure] = []
    with running_system(workers=0) as system, tempfile.TemporaryDirectory() as folder:
        statuses = {size: finished_statuses(length, TASKS) for size, length in SIZES.items()}
        for size, of_size in statuses.items():
            put_statuses(system.kafka, of_size, owner=system.key_id)
            (Path(folder) / size.replace(" ", "")).write_bytes(of_size[0].model_dump_json().encode())
        with bare_server(Path(folder), system.logs / "bare.log") as bare:
            for size, of_size in statuses.items():
                figures += _reads(system, bare.url, size, of_size, given.seconds, given.rounds)
    print_figures("status_reads", figures, **vars(given), connections=CONNECTIONS)


def _reads(
    system: RunningSystem, bare: str, size: str, statuses: list[TaskStatus], seconds: float, rounds: int
) -> list[Figure]:
    asked = [Target("GET", f"{system.url}/tasks/{status.task_id}", system.headers) for status in statuses]
    same_bytes = [Target("GET", f"{bare}/bytes/{size.replace(' ', '')}")]
    # What was just written is merged on disk meanwhile, by the broker and by the table.
    paced(asked, rate=RATE, connections=CONNECTIONS, seconds=seconds)
    at_rate = paced(asked, rate=RATE, connections=CONNECTIONS, seconds=3 * seconds)
    bare_at_rate = paced(same_bytes, rate=RATE, connections=CONNECTIONS, seconds=3 * seconds)
    rates = in_turn(
        {
            "gateway": partial(answers_a_second, asked, connections=CONNECTIONS, seconds=seconds),
            "bare route": partial(answers_a_second, same_bytes, connections=CONNECTIONS, seconds=seconds),
        },
        rounds,
    )
    return [
        Figure(f"GET {size}, {RATE}/s: p50", at_rate.p50_ms, "ms"),
        Figure(f"GET {size}, {RATE}/s: p99", at_rate.p99_ms, "ms", at_most=10),
        Figure(f"GET {size}, {RATE}/s, bare route: p99", bare_at_rate.p99_ms, "ms"),
        *(Figure(f"GET {size}, unpaced: {name}", rate, "a second") for name, rate in rates.items()),
        Figure(f"GET {size}, unpaced: of the bare route", rates["gateway"] / rates["bare route"], "x", at_least=0.6),
    ]


if __name__ == "__main__":
    main()
