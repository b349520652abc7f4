"""Cancelling, seen from outside: what waits never starts, what runs stops, and no task ends twice."""

import os
import random
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import orjson
import pytest

from gateway.keys import add_key
from schemas.topics import RISKS, TASKS
from tests.system.parts import Gateway, System, Worker, header, records
from tests.waiting import eventually

RACERS = 200
SEED = 20261127


@dataclass
class Running:
    """A system that the tests of this module share."""

    system: System
    gateway: Gateway
    workers: list[Worker]

    def counted(self, line: str) -> float:
        """The sum of one sample over the workers."""
        return sum(_sample(worker, line) for worker in self.workers)


@pytest.fixture(scope="module")
def running(kafka: str, analyses: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    system = System(kafka, tmp_path_factory.mktemp("cancelling"), analyses)
    gateway = system.gateway()
    workers = [system.worker("scripted", wait=False, retry_delays="[2, 2, 2]") for _ in range(2)]
    system.follower("forwarder")
    for worker in workers:
        worker.process.wait_until_ready(worker.ready, within=60)
    yield Running(system, gateway, workers)
    system.stop()


def _named(kind: str) -> str:
    return f"{kind}-{uuid.uuid4().hex[:8]}"


def _sample(worker: Worker, line: str) -> float:
    shown = httpx.get(f"{worker.probe}/metrics").text.splitlines()
    return sum(float(each.rpartition(" ")[2]) for each in shown if each.startswith(f"{line} "))


def _began(system: System, name: str) -> None:
    eventually(lambda: system.executions(name) > 0, within=40, what=f"the start of {name}")


def _let_go(system: System, name: str) -> None:
    (system.analyses / f"{name}.go").touch()


def _cancel(gateway: Gateway, task_id: str) -> None:
    answer = gateway.ask("DELETE", f"/tasks/{task_id}")
    assert answer.status_code == 202, answer.text


def _assessments(kafka: str) -> list[str | None]:
    return [header(message, "ce_id") for message in records(kafka, RISKS)]


def test_a_waiting_task_is_cancelled_at_once_and_never_starts(running: Running) -> None:
    system, gateway = running.system, running.gateway
    held, waiting = _named("hold"), _named("quick")
    first, second = (gateway.submit(ticker="WAITS", html_content=name) for name in (held, waiting))
    _began(system, held)
    _cancel(gateway, second)
    ended = gateway.ended(second)
    assert (ended["status"], ended["ticker"], ended["attempt"]) == ("CANCELLED", "WAITS", 1)
    assert (ended["started_at"], ended["result"], ended["error"]) == (None, None, None)
    assert gateway.status(first)["status"] == "PROGRESS"
    _let_go(system, held)
    assert gateway.ended(first)["status"] == "SUCCESS"
    assert gateway.ended(gateway.submit(ticker="WAITS", html_content=_named("quick")))["status"] == "SUCCESS"
    assert system.executions(waiting) == 0


def test_a_running_task_stops_at_its_next_step_and_publishes_nothing(running: Running) -> None:
    system, gateway = running.system, running.gateway
    name = _named("hold")
    task_id = gateway.submit(ticker="RUNS", html_content=name)
    _began(system, name)
    _cancel(gateway, task_id)
    eventually(
        lambda: running.counted('sigmak_cancellations_total{outcome="stopping"}') >= 1, within=20, what="it is told"
    )
    assert gateway.status(task_id)["status"] == "PROGRESS"
    _let_go(system, name)
    ended = gateway.ended(task_id)
    assert (ended["status"], ended["progress"]["status"]) == ("CANCELLED", "reading")
    assert task_id not in _assessments(system.kafka)


def test_a_retrying_task_is_not_tried_again(running: Running) -> None:
    system, gateway = running.system, running.gateway
    name = _named("transient")
    task_id = gateway.submit(ticker="RETRIES", html_content=name)
    eventually(lambda: gateway.status(task_id)["status"] == "RETRY", within=20, what="it waits for its next attempt")
    skipped = running.counted("sigmak_filings_skipped_total")
    _cancel(gateway, task_id)
    ended = gateway.ended(task_id)
    assert (ended["status"], ended["attempt"], ended["due_at"]) == ("CANCELLED", 2, None)
    eventually(
        lambda: running.counted("sigmak_filings_skipped_total") > skipped, within=20, what="its attempt is skipped"
    )
    assert (system.executions(name), gateway.status(task_id)) == (1, ended)


def test_an_ended_task_is_a_conflict_and_an_unknown_one_and_anothers_are_not_found(running: Running) -> None:
    gateway = running.gateway
    task_id = gateway.submit(ticker="ENDS", html_content=_named("quick"))
    assert gateway.ended(task_id)["status"] == "SUCCESS"
    answer = gateway.ask("DELETE", f"/tasks/{task_id}")
    assert (answer.status_code, answer.json()["state"]) == (409, "SUCCESS")
    assert gateway.ask("DELETE", f"/tasks/{uuid.uuid4()}").status_code == 404
    _, stranger = add_key(running.system.keys, "stranger")
    assert gateway.ask("DELETE", f"/tasks/{task_id}", key=stranger).status_code == 404


def test_sigmak_analyze_of_a_task_that_is_cancelled_fails_and_says_so(running: Running, tmp_path: Path) -> None:
    system, gateway = running.system, running.gateway
    held, document = _named("hold"), tmp_path / "filing.txt"
    gateway.submit(ticker="CLI", html_content=held)
    _began(system, held)
    document.write_text(_named("quick"))
    command = [sys.executable, "-m", "ops.main", "analyze", document, "--ticker", "CLI", "--year", "2023"]
    variables = {**os.environ, "SIGMAK_API_KEY": gateway.key, "SIGMAK_URL": gateway.url}
    analyze = subprocess.Popen(command, env=variables, stderr=subprocess.PIPE, text=True)
    task_id = eventually(lambda: _task_of(system.kafka, "CLI", 2023), within=30, what="it is submitted")
    _cancel(gateway, task_id)
    _, told = analyze.communicate(timeout=30)
    assert (analyze.returncode, f"task {task_id} was cancelled" in told) == (1, True), told
    _let_go(system, held)


def _task_of(kafka: str, ticker: str, year: int) -> str | None:
    statuses = (orjson.loads(message.value() or b"{}") for message in records(kafka, TASKS))
    return next((each["task_id"] for each in statuses if (each["ticker"], each["filing_year"]) == (ticker, year)), None)


def test_200_cancels_at_random_moments_leave_each_task_cancelled_without_an_effect_or_regularly_ended_with_one(
    running: Running,
) -> None:
    system, gateway = running.system, running.gateway
    moments = random.Random(SEED)
    names = [_named("steps") for _ in range(RACERS)]
    tasks: dict[str, str] = {}

    def submit_and_cancel(name: str, ticker: str, after: float) -> None:
        task_id = tasks[name] = gateway.submit(ticker=ticker, html_content=name)
        time.sleep(after)  # the moment itself, not a wait for something
        assert gateway.ask("DELETE", f"/tasks/{task_id}").status_code in (202, 409)

    with ThreadPoolExecutor(8) as clients:
        list(clients.map(submit_and_cancel, names, (f"R{number % 40}" for number in range(RACERS)),
                         [moments.uniform(0, 0.6) for _ in names]))  # fmt: skip
    states = {name: gateway.ended(task_id)["status"] for name, task_id in tasks.items()}
    assessed = _assessments(system.kafka)
    for name, task_id in tasks.items():
        effect = 1 if states[name] == "SUCCESS" else 0
        stored = system.analyses / f"{name}.stored"
        assert (assessed.count(task_id), stored.read_text().count("\n") if stored.exists() else 0) == (effect, effect)
    counts = {state: list(states.values()).count(state) for state in ("SUCCESS", "CANCELLED")}
    assert sum(counts.values()) == RACERS
    assert min(counts.values()) > RACERS / 20, f"that was no race: {counts}"
    assert all(_sample(worker, _CANCELLED) for worker in running.workers), "both workers had some to cancel"


_CANCELLED = 'sigmak_filings_finished_total{state="CANCELLED"}'


def test_a_cancellation_outlives_the_worker_that_took_it(system: System) -> None:
    gateway, worker = system.gateway(), system.worker("scripted")
    name = _named("hold")
    task_id = gateway.submit(ticker="KILLED", html_content=name)
    _began(system, name)
    _cancel(gateway, task_id)
    taken = 'sigmak_cancellations_total{outcome="stopping"}'
    eventually(lambda: _sample(worker, taken) == 1, within=20, what="the worker has taken it")
    worker.process.kill()
    system.worker("scripted", wait=False)
    assert gateway.ended(task_id, within=60)["status"] == "CANCELLED"
    assert system.executions(name) == 1
    assert task_id not in _assessments(system.kafka)


def test_tasks_are_cancelled_while_no_worker_runs_also_the_one_whose_worker_died(system: System) -> None:
    gateway, worker = system.gateway(), system.worker("scripted")
    names = [_named("hold"), _named("quick")]
    tasks = [gateway.submit(ticker="NOBODY", html_content=name) for name in names]
    _began(system, names[0])
    worker.process.kill()
    for task_id in tasks:
        _cancel(gateway, task_id)
    survivor = system.worker("scripted", wait=False)
    assert {gateway.ended(task_id, within=60)["status"] for task_id in tasks} == {"CANCELLED"}
    # What comes later in their partition is worked on.
    assert gateway.ended(gateway.submit(ticker="NOBODY", html_content=_named("quick")))["status"] == "SUCCESS"
    assert [system.executions(name) for name in names] == [1, 0]
    assert survivor.process.running
