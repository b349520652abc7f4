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
from functools import partial
from pathlib import Path

import httpx
import pytest

from gateway.keys import add_key
from ops.local.process import Launch
from schemas.topics import RISKS, TASKS
from tests.system.parts import Gateway, System, Worker, header, records
from tests.waiting import eventually

RACERS = 200
CANCELLED = 'sigmak_filings_finished_total{state="CANCELLED"}'
SEED = 20261127


@dataclass
class Running:
    """A system that the tests of this module share."""

    system: System
    gateway: Gateway
    workers: list[Worker]

    def counted(self, line: str) -> float:
        """The sum of one sample over the workers."""
        return sum(sample(worker, line) for worker in self.workers)


@pytest.fixture(scope="module")
def running(kafka: str, analyses: Path, launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    system = System(kafka, tmp_path_factory.mktemp("cancelling"), analyses, launch)
    gateway = system.gateway()
    workers = [system.worker("scripted", wait=False, retry_delays="[2, 2, 2]") for _ in range(2)]
    system.follower("forwarder")
    for worker in workers:
        worker.process.wait_until_ready(worker.ready, within=60)
    yield Running(system, gateway, workers)
    system.stop()


def named(kind: str) -> str:
    return f"{kind}-{uuid.uuid4().hex[:8]}"


def sample(worker: Worker, line: str) -> float:
    shown = worker.ask("/metrics").text.splitlines()
    return sum(float(each.rpartition(" ")[2]) for each in shown if each.startswith(f"{line} "))


def began(system: System, name: str) -> None:
    eventually(lambda: system.executions(name) > 0, within=40, what=f"the start of {name}")


def let_go(system: System, name: str) -> None:
    (system.analyses / f"{name}.go").touch()


def cancel(gateway: Gateway, task_id: str) -> None:
    answer = gateway.ask("DELETE", f"/tasks/{task_id}")
    assert answer.status_code == 202, answer.text


def assessments(kafka: str) -> list[str | None]:
    return [header(message, "ce_id") for message in records(kafka, RISKS)]


def test_a_waiting_task_is_cancelled_at_once_and_never_starts(running: Running) -> None:
    system, gateway = running.system, running.gateway
    held, waiting = named("hold"), named("quick")
    first, second = (gateway.submit(ticker="WAITS", html_content=name) for name in (held, waiting))
    began(system, held)
    cancel(gateway, second)
    ended = gateway.ended(second)
    assert (ended["status"], ended["ticker"], ended["attempt"]) == ("CANCELLED", "WAITS", 1)
    assert (ended["started_at"], ended["result"], ended["error"]) == (None, None, None)
    assert gateway.status(first)["status"] == "PROGRESS"
    let_go(system, held)
    assert gateway.ended(first)["status"] == "SUCCESS"
    assert gateway.ended(gateway.submit(ticker="WAITS", html_content=named("quick")))["status"] == "SUCCESS"
    assert system.executions(waiting) == 0


def test_a_running_task_stops_at_its_next_step_and_publishes_nothing(running: Running) -> None:
    system, gateway = running.system, running.gateway
    name = named("hold")
    task_id = gateway.submit(ticker="RUNS", html_content=name)
    began(system, name)
    cancel(gateway, task_id)
    eventually(
        lambda: running.counted('sigmak_cancellations_total{outcome="stopping"}') >= 1, within=20, what="it is told"
    )
    assert gateway.status(task_id)["status"] == "PROGRESS"
    let_go(system, name)
    ended = gateway.ended(task_id)
    assert (ended["status"], ended["progress"]["status"]) == ("CANCELLED", "reading")
    assert task_id not in assessments(system.kafka)


def test_a_retrying_task_is_not_tried_again(running: Running) -> None:
    system, gateway = running.system, running.gateway
    name = named("transient")
    task_id = gateway.submit(ticker="RETRIES", html_content=name)
    eventually(lambda: gateway.status(task_id)["status"] == "RETRY", within=20, what="it waits for its next attempt")
    skipped = running.counted("sigmak_filings_skipped_total")
    cancel(gateway, task_id)
    ended = gateway.ended(task_id)
    assert (ended["status"], ended["due_at"]) == ("CANCELLED", None)
    made = ended["attempt"] - 1  # one, on a machine that is not too busy to ask in time
    eventually(
        lambda: running.counted("sigmak_filings_skipped_total") > skipped, within=20, what="its attempt is skipped"
    )
    assert (system.executions(name), gateway.status(task_id)) == (made, ended)


def test_an_ended_task_is_a_conflict_and_an_unknown_one_and_anothers_are_not_found(running: Running) -> None:
    gateway = running.gateway
    task_id = gateway.submit(ticker="ENDS", html_content=named("quick"))
    assert gateway.ended(task_id)["status"] == "SUCCESS"
    answer = gateway.ask("DELETE", f"/tasks/{task_id}")
    assert (answer.status_code, answer.json()["state"]) == (409, "SUCCESS")
    assert gateway.ask("DELETE", f"/tasks/{uuid.uuid4()}").status_code == 404
    _, stranger = add_key(running.system.keys, "stranger")
    assert gateway.ask("DELETE", f"/tasks/{task_id}", key=stranger).status_code == 404


def test_sigmak_analyze_of_a_task_that_is_cancelled_fails_and_says_so(running: Running, tmp_path: Path) -> None:
    system, gateway = running.system, running.gateway
    held, document = named("hold"), tmp_path / "filing.txt"
    gateway.submit(ticker="CLI", html_content=held)
    began(system, held)
    document.write_text(named("quick"))
    command = [sys.executable, "-m", "ops.main", "analyze", document, "--ticker", "CLI", "--year", "2023"]
    variables = {**os.environ, "SIGMAK_API_KEY": gateway.key, "SIGMAK_URL": gateway.url}
    analyze = subprocess.Popen(command, env=variables, stderr=subprocess.PIPE, text=True)
    task_id = eventually(lambda: _task_of(system.kafka, "CLI", 2023), within=30, what="it is submitted")
    cancel(gateway, task_id)
    _, told = analyze.communicate(timeout=30)
    assert (analyze.returncode, f"task {task_id} was cancelled" in told) == (1, True), told
    let_go(system, held)


def _task_of(kafka: str, ticker: str, year: int) -> str | None:
    # By bytes: other tests of this Kafka put on the topic what is no JSON.
    told = f'"ticker":"{ticker}","filing_year":{year}'.encode()
    found = (message.key() for message in records(kafka, TASKS) if told in (message.value() or b""))
    return next((key.decode() for key in found if key is not None), None)


def test_200_cancels_at_random_moments_leave_each_task_cancelled_without_an_effect_or_regularly_ended_with_one(
    running: Running,
) -> None:
    system, gateway = running.system, running.gateway
    moments = random.Random(SEED)
    names = [named("steps") for _ in range(RACERS)]
    tasks: dict[str, str] = {}

    def submit_and_cancel(name: str, ticker: str, after: float) -> None:
        filing = {"ticker": ticker, "filing_year": 2024, "html_content": name}
        task_id = tasks[name] = http.post("/analyze", json=filing).json()["task_id"]
        time.sleep(after)  # the moment itself, not a wait for something
        assert http.delete(f"/tasks/{task_id}").status_code in (202, 409)

    # One client: to make one for each request takes longer than the requests. It keeps no connection: of two threads one
    # may find that a kept one has expired, and close it, as the other begins to use it.
    http = httpx.Client(
        base_url=gateway.url,
        headers={"X-API-Key": gateway.key},
        timeout=30,
        limits=httpx.Limits(max_keepalive_connections=0),
    )
    with http, ThreadPoolExecutor(16) as clients:
        list(clients.map(submit_and_cancel, names, (f"R{number % 40}" for number in range(RACERS)),
                         [moments.uniform(0, 0.4) for _ in names]))  # fmt: skip
        states = {
            name: eventually(partial(_end, http, task_id), within=60, what=f"the end of task {task_id}")
            for name, task_id in tasks.items()
        }
    assessed = assessments(system.kafka)
    for name, task_id in tasks.items():
        effect = 1 if states[name] == "SUCCESS" else 0
        stored = system.analyses / f"{name}.stored"
        assert (assessed.count(task_id), stored.read_text().count("\n") if stored.exists() else 0) == (effect, effect)
    counts = {state: list(states.values()).count(state) for state in ("SUCCESS", "CANCELLED")}
    assert sum(counts.values()) == RACERS
    assert min(counts.values()) > RACERS / 20, f"that was no race: {counts}"
    assert all(sample(worker, CANCELLED) for worker in running.workers), "both workers had some to cancel"


def _end(http: httpx.Client, task_id: str) -> str | None:
    status = http.get(f"/tasks/{task_id}").json()["status"]
    return status if status in ("SUCCESS", "FAILURE", "CANCELLED") else None
