"""How fast tasks are listed, among 100,000. Prints JSON.

    python -m benchmarks.listing [--tasks N] [--seconds S]

`GET /tasks` for each kind of filter, alone and together, and over all owners, first each kind for itself, then all in
turn: 50 a second over 10 connections. The tasks are of ten companies, nine of ten have ended with a result, one of ten
has a label; half are another key's.
"""

import argparse
from collections.abc import Iterator

import httpx

from benchmarks.rig.empty_analysis import sample_assessment
from benchmarks.rig.figures import Figure, print_figures
from benchmarks.rig.running_system import RunningSystem, running_system
from benchmarks.rig.status_topic import finished_status, put_statuses, running_status
from benchmarks.rig.vegeta import Target, paced, unpaced
from schemas.tasks import TaskStatus

CONNECTIONS = 10
RATE = 50
_COMPANIES = 10
_RUNNING_EVERY = 10
_LABELLED_EVERY = 10
_WARM_UP_SECONDS = 4.0
_IN_TURN = 10
_ONE_RISK = sample_assessment(100, risks=1)
_LABEL = ("desk", "credit")
QUERIES = {
    "newest": "",
    "of a state": "status=SUCCESS",
    "of a company": "ticker=BENCH3",
    "with a label": "label=desk:credit",
    "of state, company and label": "status=SUCCESS&ticker=BENCH3&label=desk:credit",
    "that do not exist": "status=FAILURE&ticker=BENCH3",
    "with nothing in common": "status=PROGRESS&ticker=BENCH3",
    "of all owners": "owner=all&ticker=BENCH3&status=SUCCESS",
    "100 at once": "limit=100",
}


def main() -> None:
    """Measure with the sizes of the command line, and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tasks", type=int, default=100_000)
    arguments.add_argument("--seconds", type=float, default=3.0, help="of each kind; of all in turn ten times")
    given = arguments.parse_args()
    figures: list[Figure] = []
    with running_system(workers=0) as system:
        _fill(system, given.tasks)
        _warm_up(system)
        targets = {
            name: Target("GET", f"{system.url}/tasks?{query}", system.headers) for name, query in QUERIES.items()
        }
        for name, target in targets.items():
            load = paced([target], rate=RATE, connections=CONNECTIONS, seconds=given.seconds)
            figures.append(Figure(f"list {name}: p50", load.p50_ms, "ms"))
            figures.append(Figure(f"list {name}: p99", load.p99_ms, "ms", at_most=20))
        # The 99th percentile of a kind's 60 requests is its slowest; of all in turn it is one of hundreds.
        load = paced([*targets.values()], rate=RATE, connections=CONNECTIONS, seconds=_IN_TURN * given.seconds)
        figures.append(Figure("list all kinds in turn: p50", load.p50_ms, "ms"))
        figures.append(Figure("list all kinds in turn: p99", load.p99_ms, "ms", at_most=20))
    print_figures("listing", figures, **vars(given), rate=RATE, connections=CONNECTIONS)


def _fill(system: RunningSystem, count: int) -> None:
    put_statuses(system.kafka, _statuses(count // 2), owner=system.key_id)
    put_statuses(system.kafka, _statuses(count - count // 2), owner="key-other")
    # The first listing waits for as much as the table lacks; its time is that of the table's.
    while httpx.get(f"{system.url}/tasks", headers=system.headers, timeout=60).status_code != httpx.codes.OK:
        pass


def _warm_up(system: RunningSystem) -> None:
    # The broker compiles on the machine's two cores what it is asked for the first time.
    newest = Target("GET", f"{system.url}/tasks", system.headers)
    unpaced([newest], connections=CONNECTIONS, seconds=_WARM_UP_SECONDS)
    system.wait_until_idle()


def _statuses(count: int) -> Iterator[TaskStatus]:
    for number in range(count):
        status = running_status(1) if number % _RUNNING_EVERY == 0 else finished_status(_ONE_RISK)
        labels = dict([_LABEL]) if number // _COMPANIES % _LABELLED_EVERY == 0 else {}
        yield status.model_copy(update={"ticker": f"BENCH{number % _COMPANIES}", "labels": labels})


if __name__ == "__main__":
    main()
