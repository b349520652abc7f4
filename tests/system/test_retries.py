"""Filings that meet something away are tried again: when they should, once, whoever dies meanwhile."""

import uuid
from datetime import datetime
from pathlib import Path

from schemas.topics import FILINGS_DEAD, RISKS
from tests.system.parts import Gateway, System, header, records
from tests.waiting import eventually

LATE = 2.0
"""Twice the promised second."""


def named(kind: str) -> str:
    return f"{kind}-{uuid.uuid4().hex[:8]}"


def let_go(system: System, name: str) -> None:
    (system.analyses / f"{name}.go").touch()


def waiting_for_retry(gateway: Gateway, task_id: str) -> dict[str, object]:
    """The task's status, once it waits for its next attempt."""
    return eventually(
        lambda: status if (status := gateway.status(task_id))["status"] == "RETRY" else None,
        within=20,
        what=f"task {task_id} waits for its next attempt",
    )


def starts(system: System, name: str) -> list[float]:
    """When each execution began, in seconds since the epoch."""
    file: Path = system.analyses / f"{name}.began"
    return [float(line.split()[1]) for line in file.read_text().splitlines()]


def assessments(system: System, task_id: str) -> int:
    return sum(header(message, "ce_id") == task_id for message in records(system.kafka, RISKS))


def test_a_filing_is_tried_again_when_it_is_due_never_earlier_and_at_most_a_second_late(system: System) -> None:
    gateway, _ = system.gateway(), system.worker("scripted", retry_delays="[3, 3, 3]")
    system.follower("forwarder")
    name = named("recovering")
    task_id = gateway.submit(html_content=name)
    waiting = waiting_for_retry(gateway, task_id)
    assert (waiting["attempt"], waiting["error"]) == (1, {"type": "unavailable", "message": "The store is away."})
    due_at = datetime.fromisoformat(str(waiting["due_at"])).timestamp()
    let_go(system, name)
    ended = gateway.ended(task_id)
    assert (ended["status"], ended["attempt"], ended["due_at"]) == ("SUCCESS", 2, None)
    second = starts(system, name)[1]
    assert 0 <= second - due_at < LATE
    assert assessments(system, task_id) == 1


def test_a_filing_whose_attempts_are_used_up_is_a_failure_and_a_dead_letter(system: System) -> None:
    gateway, _ = system.gateway(), system.worker("scripted", retry_delays="[0.2, 0.2, 0.2]")
    system.follower("forwarder")
    name = named("transient")
    task_id = gateway.submit(html_content=name)
    ended = gateway.ended(task_id)
    assert (ended["status"], ended["attempt"], ended["error"]["type"]) == ("FAILURE", 4, "unavailable")
    assert system.executions(name) == 4
    [letter] = [message for message in records(system.kafka, FILINGS_DEAD) if header(message, "ce_id") == task_id]
    assert header(letter, "sigmak-dead-attempts") == "4"
    assert header(letter, "sigmak-original-topic") == "sigmak.filings.v1"


def test_the_partition_goes_on_while_a_filing_waits(system: System) -> None:
    gateway, _ = system.gateway(), system.worker("scripted", retry_delays="[4, 4, 4]")
    system.follower("forwarder")
    name = named("second")
    waiting = gateway.submit(ticker="SAME", html_content=name)
    behind = gateway.ended(gateway.submit(ticker="SAME", html_content=named("quick")))
    assert behind["status"] == "SUCCESS"
    # Also so that it does not stand in a later test's way: a retry topic hands out each partition in its order.
    assert gateway.ended(waiting)["status"] == "SUCCESS"
    assert datetime.fromisoformat(behind["ended_at"]).timestamp() < starts(system, name)[1]


def test_a_waiting_filing_outlives_worker_and_forwarder(system: System) -> None:
    gateway, worker = system.gateway(), system.worker("scripted", retry_delays="[2, 2, 2]")
    forwarder = system.follower("forwarder")
    name = named("recovering")
    task_id = gateway.submit(html_content=name)
    waiting_for_retry(gateway, task_id)
    worker.process.kill()
    forwarder.process.kill()
    let_go(system, name)
    system.worker("scripted", wait=False)
    system.follower("forwarder", wait=False)
    assert gateway.ended(task_id, within=60)["status"] == "SUCCESS"
    assert system.executions(name) == 2
    assert assessments(system, task_id) == 1


def test_a_forwarder_killed_while_many_are_due_loses_and_doubles_none(system: System) -> None:
    gateway = system.gateway()
    system.worker("scripted", retry_delays="[1, 60, 60]")
    first = system.follower("forwarder")
    names = [named("second") for _ in range(60)]
    tasks = [gateway.submit(ticker=f"T{number % 20}", html_content=name) for number, name in enumerate(names)]
    half = len(names) // 2
    eventually(lambda: sum(system.executions(name) == 2 for name in names) >= half, within=30, what="half are back")
    first.process.kill()
    system.follower("forwarder", wait=False)
    assert {gateway.ended(task, within=60)["status"] for task in tasks} == {"SUCCESS"}
    published = [header(message, "ce_id") for message in records(system.kafka, RISKS)]
    assert all(published.count(task) == 1 for task in tasks)
    assert {system.executions(name) for name in names} == {2}
