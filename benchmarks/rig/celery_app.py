"""The same empty task in Celery: late acknowledgement, one task in hand a process, five updates, a result of 40 KB.

Settings that only cost time are off. `BENCHMARK_REDIS` is the address of its Redis.
"""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from celery import Celery, Task
from redis import Redis

from benchmarks.rig.empty_analysis import sample_result
from ops.local.process import Process
from schemas.tasks import STEPS

_ADDRESS = "BENCHMARK_REDIS"
_START_WITHIN = 60.0
_LOOK_AHEAD = 200
_POLL_SECONDS = 0.02
_STATUS_BYTES = 40
"""Of a stored result, which begins with its status."""

app = Celery("benchmark", broker=os.environ.get(_ADDRESS), backend=os.environ.get(_ADDRESS))
app.conf.update(
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
    task_serializer="json",
    result_serializer="json",
)
_RESULT = sample_result().model_dump(mode="json")


@app.task(bind=True)  # type: ignore[untyped-decorator]  # Celery has no types
def analyze(self: Task, filing: dict[str, Any]) -> dict[str, Any]:
    """Say each step, and return the result that the empty analysis returns."""
    for number, step in enumerate(STEPS, 1):
        self.update_state(state="PROGRESS", meta={"current": number, "total": len(STEPS), "status": step})
    return _RESULT | {"ticker": filing["ticker"], "filing_year": filing["filing_year"]}


@contextmanager
def celery_workers(redis: str, *, processes: int, log: Path) -> Iterator[int]:
    """The pid of a Celery with so many worker processes, which have finished a first task."""
    os.environ[_ADDRESS] = redis
    app.conf.update(broker_url=redis, result_backend=redis)
    options = ["--pool", "prefork", "--concurrency", str(processes), "--loglevel", "WARNING"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    command = [sys.executable, "-m", "celery", "-A", "benchmarks.rig.celery_app", "worker", *options, *quiet]
    process = Process("celery", command, log=log)
    process.start()
    try:
        for _ in range(processes):
            analyze.delay({"ticker": "WARM", "filing_year": 2024}).get(timeout=_START_WITHIN)
        yield process.pid
    finally:
        process.stop()


def tasks_a_second(redis: str, filings: Sequence[dict[str, Any]], *, within: float) -> float:
    """Send all, and return how many were done a second, from the first sending to the last result readable.

    Raises:
        TimeoutError: if they are not within so many seconds.
    """
    began = time.perf_counter()
    waiting = [analyze.delay(filing).id for filing in filings]
    with Redis.from_url(redis) as client:
        while waiting:
            if time.perf_counter() - began > within:
                raise TimeoutError(f"{len(waiting)} of {len(filings)} tasks of Celery did not end within {within:g} s")
            # The first of those that wait are the first to end: asking for all would be work of its own.
            ended = _ended(client, waiting[:_LOOK_AHEAD])
            waiting = [task for task in waiting if task not in ended]
            time.sleep(0 if ended else _POLL_SECONDS)
    return len(filings) / (time.perf_counter() - began)


def _ended(client: "Redis", tasks: Sequence[str]) -> set[str]:
    asked = client.pipeline(transaction=False)
    for task in tasks:
        asked.getrange(f"celery-task-meta-{task}", 0, _STATUS_BYTES)
    return {task for task, head in zip(tasks, asked.execute(), strict=True) if b'"SUCCESS"' in head}
