"""`sigmak tail`: what comes on a topic is printed as it comes."""

import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ops.local.process import Process
from schemas.events import risk_assessment, task_status
from schemas.identifiers import new_task_id
from schemas.topics import RISKS, TASKS
from tests.system.test_commands import sigmak
from tests.unit.examples import NOON, a_status, an_assessment
from tests.waiting import eventually
from transport.connection import KafkaConnection
from transport.publisher import KafkaPublisher


@pytest.fixture
async def publisher(kafka: str) -> AsyncIterator[KafkaPublisher]:
    made = KafkaPublisher(KafkaConnection(kafka), client_id="test", delivery_timeout=10)
    eventually(lambda: made.available, within=20, what="Kafka is reached")
    yield made
    made.close()


@contextmanager
def tail(kafka: str, folder: Path, *arguments: str) -> Iterator[Process]:
    """The command, when it reads."""
    command = [sys.executable, "-m", "ops.main", "tail", *arguments]
    process = Process("tail", command, log=folder / "tail.log", env={"SIGMAK_KAFKA_BOOTSTRAP_SERVERS": kafka})
    process.start()
    try:
        process.wait_until_ready(lambda: "Ctrl-C ends it" in process.log.read_text(), within=30)
        yield process
    finally:
        process.kill()


async def _tell_status(publisher: KafkaPublisher) -> str:
    task = new_task_id()
    await publisher.publish(TASKS, task, task_status(a_status(task_id=task), source="/test", time=NOON, owner=None))
    return task


def _line(process: Process, task: str) -> str:
    """The line that tells of a task, of all that was printed: from the beginning that may be megabytes."""
    return eventually(
        lambda: next((line for line in process.log.read_text().split("\n")[:-1] if task in line), None),
        within=20,
        what=f"a line of {task}",
    )


async def test_statuses_are_printed_from_now_on_as_they_come_until_ctrl_c(
    kafka: str, publisher: KafkaPublisher, tmp_path: Path
) -> None:
    before = await _tell_status(publisher)
    with tail(kafka, tmp_path, "tasks") as process:
        await publisher.publish(TASKS, before, None)
        await publisher.publish_raw(TASKS, b"any", b"\xff garbage", [])
        task = await _tell_status(publisher)
        assert _line(process, task) == f"{task}  ACME 2024  PENDING"
        eventually(lambda: "no event of ours" in process.output(), within=10, what="the garbage is told of")
        os.kill(process.pid, signal.SIGINT)
        assert process.ended_within(20)
        assert process.ending() == "ended with exit code 0"
        assert before not in process.log.read_text()


async def test_assessments_are_printed_from_the_beginning_as_json(
    kafka: str, publisher: KafkaPublisher, tmp_path: Path
) -> None:
    task = new_task_id()
    event = risk_assessment(an_assessment(), task_id=task, source="/test", time=NOON, owner=None)
    await publisher.publish(RISKS, "ACME", event)
    with tail(kafka, tmp_path, "risks", "--json", "--from-beginning") as process:
        told = json.loads(_line(process, task))
        assert (told["id"], told["type"], told["data"]["ticker"]) == (task, "sigmak.risk.assessment.v1", "ACME")
        os.kill(process.pid, signal.SIGTERM)
        assert process.ended_within(20)
        assert process.ending() == "ended with exit code 0"


def test_without_a_broker_the_exit_code_is_3() -> None:
    outcome = sigmak("tail", "risks", SIGMAK_KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
    assert outcome.returncode == 3
    assert b"sigmak.risks.v1 at 127.0.0.1:1 can't be read" in outcome.stderr
