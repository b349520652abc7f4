"""`sigmak dead`: an operator lists what was set aside, and redrives it when the cause is gone."""

import json
import os
import subprocess
import sys
import uuid
from typing import Any

import pytest

from tests.system.parts import Gateway, System
from tests.system.test_retries import assessments, let_go, named


def sigmak_dead(system: System, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ops.main", "dead", *arguments],
        env={**os.environ, "SIGMAK_KAFKA_BOOTSTRAP_SERVERS": system.kafka},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def listed(system: System, *arguments: str) -> list[dict[str, Any]]:
    answer = sigmak_dead(system, "list", "--json", *arguments)
    assert answer.returncode == 0, answer.stderr
    return list(json.loads(answer.stdout))


def a_dead_letter(system: System, gateway: Gateway) -> tuple[str, str]:
    """The name and task of a filing whose attempts are used up."""
    name = named("recovering")
    task_id = gateway.submit(ticker=f"D{uuid.uuid4().hex[:6].upper()}", html_content=name)
    assert gateway.ended(task_id)["status"] == "FAILURE"
    return name, task_id


@pytest.fixture
def gateway(system: System) -> Gateway:
    system.worker("scripted", retry_delays="[0.1, 0.1, 0.1]")
    system.follower("forwarder")
    return system.gateway()


def test_a_letter_is_listed_with_its_reason_and_shown_without_its_document(system: System, gateway: Gateway) -> None:
    name, task_id = a_dead_letter(system, gateway)
    [letter] = [each for each in listed(system, "--type", "unavailable") if each["task_id"] == task_id]
    assert (letter["attempts"], letter["filing_year"]) == (4, 2024)
    shown = sigmak_dead(system, "show", letter["id"])
    assert "message: The store is away." in shown.stdout
    assert "origin: sigmak.filings.v1, partition" in shown.stdout
    assert name not in shown.stdout


def test_a_redriven_filing_is_a_new_task_of_the_same_owner_and_repeating_it_changes_nothing(
    system: System, gateway: Gateway
) -> None:
    name, task_id = a_dead_letter(system, gateway)
    let_go(system, name)
    assert "would be redriven" in sigmak_dead(system, "redrive", task_id, "--dry-run").stdout
    redriven = sigmak_dead(system, "redrive", task_id)
    assert redriven.returncode == 0, redriven.stderr
    new_id = redriven.stdout.partition("is now task ")[2].split()[0]
    ended = gateway.ended(new_id)
    assert (ended["status"], ended["redriven_from"], ended["attempt"]) == ("SUCCESS", task_id, 1)
    assert gateway.status(task_id)["status"] == "FAILURE"

    again = sigmak_dead(system, "redrive", task_id)
    assert again.returncode == 1
    assert f"redriven already, as task {new_id}" in again.stdout
    assert assessments(system, new_id) == 1
    assert task_id not in [each["task_id"] for each in listed(system)]
    assert task_id in [each["task_id"] for each in listed(system, "--redriven")]


def test_all_letters_of_a_type_are_redriven_at_once(system: System, gateway: Gateway) -> None:
    letters = [a_dead_letter(system, gateway) for _ in range(2)]
    for name, _ in letters:
        let_go(system, name)
    redriven = sigmak_dead(system, "redrive", "--type", "unavailable")
    assert redriven.returncode == 0
    left = {each["task_id"] for each in listed(system, "--type", "unavailable")}
    assert not left & {task_id for _, task_id in letters}


@pytest.mark.parametrize(
    ("arguments", "exit_code", "says"),
    [
        (["redrive"], 2, "say which letters"),
        (["redrive", "0-999999"], 1, "there is no dead letter 0-999999"),
        (["show", "nothing"], 1, "there is no dead letter nothing"),
    ],
)
def test_what_can_not_be_done_is_said(system: System, arguments: list[str], exit_code: int, says: str) -> None:
    answer = sigmak_dead(system, *arguments)
    assert answer.returncode == exit_code
    assert says in answer.stderr
