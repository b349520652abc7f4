"""What a task costs when its analysis costs nothing. Prints JSON.

    python -m benchmarks.task_rate [--tasks N] [--single N] [--rounds N]

Two workers, an analysis without work (five steps, a result of 40 KB): the time from the POST of one task until its
SUCCESS can be read, with nothing else to do; then so many tasks at once, in turn with Celery on Redis, which has as
many processes, late acknowledgements, one task in hand a process, the same updates and the same result.
"""

import argparse
import contextlib
import http.client
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from benchmarks.rig.celery_app import celery_workers, tasks_a_second
from benchmarks.rig.documents import short_document, submission
from benchmarks.rig.empty_analysis import sample_result
from benchmarks.rig.figures import Figure, print_figures
from benchmarks.rig.processes import with_descendants
from benchmarks.rig.redis_server import redis_server
from benchmarks.rig.running_system import RunningSystem, running_system
from benchmarks.rig.status_topic import EndsOfTasks
from benchmarks.rig.turns import Metered, in_turn
from benchmarks.rig.vegeta import Target, within_a_second

PROCESSES = 2
DOCUMENT = 5_000
TICKERS = 200
CONNECTIONS = 50
ANALYSIS = "benchmarks.rig.empty_analysis:empty"

_WITHIN = 120.0
_WARM_UP = 50
_WARM_UP_AT_ONCE = 500


def main() -> None:
    """Measure with the sizes of the command line, and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tasks", type=int, default=2000, help="at once")
    arguments.add_argument("--single", type=int, default=200, help="tasks sent one after the other")
    arguments.add_argument("--rounds", type=int, default=1, help="in which what is compared takes turns")
    given = arguments.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        running_system(workers=PROCESSES, analysis=ANALYSIS) as system,
    ):
        targets = task_targets(system, Path(folder))
        _tasks_at_once(system, targets, _WARM_UP_AT_ONCE)
        single = _single_tasks(system, given.single)
        figures = [*_single_figures(single), *_rate_figures(system, targets, given.tasks, given.rounds)]
    result_bytes = len(sample_result().model_dump_json())
    print_figures("task_rate", figures, **vars(given), processes=PROCESSES, result_bytes=result_bytes)


def _single_figures(seconds: Sequence[float]) -> list[Figure]:
    percentiles = statistics.quantiles(seconds, n=100)
    return [
        Figure("one task, POST to SUCCESS readable: p50", percentiles[49] * 1000, "ms", at_most=10),
        Figure("one task, POST to SUCCESS readable: p99", percentiles[98] * 1000, "ms", at_most=50),
    ]


def _rate_figures(system: RunningSystem, targets: list[Target], tasks: int, rounds: int) -> list[Figure]:
    filings = [
        {"ticker": f"B{number % TICKERS}", "filing_year": 2024, "html_content": short_document(DOCUMENT)}
        for number in range(tasks)
    ]
    with (
        redis_server(system.logs / "redis.log") as redis,
        celery_workers(redis.url, processes=PROCESSES, log=system.logs / "celery.log") as celery,
    ):
        ours = Metered(
            partial(_tasks_at_once, system, targets, tasks), [pid for pids in system.pids.values() for pid in pids]
        )
        theirs = Metered(
            partial(tasks_a_second, redis.url, filings, within=_WITHIN), [redis.pid, *with_descendants(celery)]
        )
        rates = in_turn({"SigmaK": ours, "Celery": theirs}, rounds)
    return [
        *(Figure(f"{tasks} tasks at once: {name}", rate, "tasks/s") for name, rate in rates.items()),
        Figure(f"{tasks} tasks at once: of Celery", rates["SigmaK"] / rates["Celery"], "x", at_least=3),
        Figure("processor time a task, all processes: SigmaK", ours.processor_seconds * 1000 / tasks, "ms"),
        Figure("processor time a task, all processes: Celery", theirs.processor_seconds * 1000 / tasks, "ms"),
    ]


def _single_tasks(system: RunningSystem, count: int) -> list[float]:
    """Seconds from the POST of each task until its SUCCESS is read."""
    with contextlib.closing(http.client.HTTPConnection(httpx.URL(system.url).netloc.decode())) as client:
        for number in range(_WARM_UP):
            _seconds_to_success(client, system, number)
        return [_seconds_to_success(client, system, number) for number in range(count)]


def _seconds_to_success(client: http.client.HTTPConnection, system: RunningSystem, number: int) -> float:
    body = submission(f"B{number % TICKERS}", short_document(DOCUMENT))
    began = time.perf_counter()
    task_id = _ask(client, system, "POST", "/analyze", body)["task_id"]
    # Waited for, as the API offers: to ask each millisecond takes from the two cores what the task needs.
    while _ask(client, system, "GET", f"/tasks/{task_id}?wait=30")["status"] != "SUCCESS":
        if time.perf_counter() - began > _WITHIN:
            raise TimeoutError(f"task {task_id} did not end within {_WITHIN:g} s")
    return time.perf_counter() - began


def _ask(
    client: http.client.HTTPConnection, system: RunningSystem, method: str, path: str, body: bytes | None = None
) -> dict[str, Any]:
    client.request(method, path, body, {"Content-Type": "application/json", **system.headers})
    with client.getresponse() as answer:
        content: dict[str, Any] = json.loads(answer.read())
        if answer.status not in (http.HTTPStatus.OK, http.HTTPStatus.ACCEPTED):
            raise RuntimeError(f"the gateway answered {answer.status}: {content}")
    return content


def _tasks_at_once(system: RunningSystem, targets: list[Target], count: int) -> float:
    """Tasks a second from the first POST until the last SUCCESS is readable."""
    ends = EndsOfTasks(system.kafka)
    try:
        began = time.perf_counter()
        sent = within_a_second(targets, requests=count, connections=CONNECTIONS).requests
        seen = ends.wait_for(sent, within=_WITHIN)
    finally:
        ends.close()
    last = max(seen, key=lambda task: seen[task])
    readable = httpx.get(f"{system.url}/tasks/{last}", headers=system.headers).json()
    assert readable["status"] == "SUCCESS", readable["status"]
    return sent / (time.perf_counter() - began)


def task_targets(system: RunningSystem, folder: Path) -> list[Target]:
    """Submissions of 5 KB, each of another ticker; `folder` keeps their bodies."""
    headers = {"Content-Type": "application/json", **system.headers}
    targets = []
    for number in range(TICKERS):
        body = folder / f"body-{number}"
        body.write_bytes(submission(f"B{number}", short_document(DOCUMENT)))
        targets.append(Target("POST", f"{system.url}/analyze", headers, body))
    return targets


if __name__ == "__main__":
    main()
