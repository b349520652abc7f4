"""Upstreams that write filing events to Kafka themselves: each of their events is validated like one of HTTP."""

import base64
import json
import os
import uuid

import pytest
import uuid_utils.compat
from confluent_kafka import Producer

from schemas.topics import CANCELLATIONS, FILINGS, FILINGS_DEAD, FILINGS_PRIORITY, RISKS, TASKS
from tests.system.parts import System, header, records
from tests.waiting import eventually


def send(system: System, task_id: str, data: str, **headers: bytes) -> None:
    """An upstream's event, keyed by the ticker ACME."""
    envelope = {"ce_specversion": b"1.0", "ce_id": task_id.encode(), "ce_source": b"/upstream",
                "ce_type": b"sigmak.filing.submitted.v1", **headers}  # fmt: skip
    producer = Producer(
        {
            "bootstrap.servers": system.kafka,
            "partitioner": "murmur2_random",
            "message.max.bytes": 64 * 1024 * 1024,
            "compression.type": "zstd",
        }
    )
    producer.produce(FILINGS, data.encode(), b"ACME", headers=list(envelope.items()))
    assert producer.flush(20) == 0


def a_filing(document: str) -> str:
    return f'{{"ticker": "ACME", "filing_year": 2024, "html_content": "{document}"}}'


def dead_type(system: System, task_id: str) -> str | None:
    """Why the record with this id was set aside; None while it was not."""
    letters = [each for each in records(system.kafka, FILINGS_DEAD) if header(each, "ce_id") == task_id]
    return header(letters[0], "sigmak-dead-type") if letters else None


def test_an_upstreams_event_under_the_id_of_a_keys_task_is_refused_and_the_task_ends_as_its_own(system: System) -> None:
    gateway, _ = system.gateway(), system.worker("scripted")
    held, stranger = f"hold-{uuid.uuid4().hex}", f"quick-{uuid.uuid4().hex}"
    task_id = gateway.submit(ticker="ACME", html_content=held)
    eventually(lambda: system.executions(held) == 1, within=20, what="the key's filing is begun")
    send(system, task_id, a_filing(stranger))
    (system.analyses / f"{held}.go").touch()
    assert gateway.ended(task_id)["status"] == "SUCCESS"
    eventually(lambda: dead_type(system, task_id) == "foreign_task", within=20, what="the stranger is a dead letter")
    assert (system.executions(held), system.executions(stranger)) == (1, 0)
    assert sum(header(message, "ce_id") == task_id for message in records(system.kafka, RISKS)) == 1


def test_a_record_that_no_topic_of_ours_takes_is_set_aside_without_what_is_large_and_the_worker_goes_on(
    system: System,
) -> None:
    worker, gateway = system.worker(), system.gateway()
    task_id = str(uuid_utils.compat.uuid7())
    # Of its 17 MB zstd makes 13, which the lane takes; lz4, by which a worker publishes, makes nothing less of it.
    owner = base64.b64encode(os.urandom(12_800_000))
    send(system, task_id, a_filing("a document"), **{"sigmak-owner": owner})
    assert gateway.ended(gateway.submit(ticker="ACME"))["status"] == "SUCCESS"
    assert dead_type(system, task_id) == "undecodable"
    assert worker.process.running


@pytest.mark.parametrize("topic", [FILINGS_PRIORITY, CANCELLATIONS])
def test_a_record_that_forges_an_owner_keeps_no_keys_filing_from_its_end(system: System, topic: str) -> None:
    secret = system.process_secret()
    gateway = system.gateway(process_secret_file=secret)
    worker = system.worker("scripted", process_secret_file=secret)
    held, victim = f"hold-{uuid.uuid4().hex[:8]}", f"quick-{uuid.uuid4().hex[:8]}"
    gateway.submit(ticker="BUSY", html_content=held)
    eventually(lambda: system.executions(held) == 1, within=40, what="the worker is busy")
    task_id = gateway.submit(ticker="VICT", html_content=victim)
    producer = Producer({"bootstrap.servers": system.kafka, "partitioner": "murmur2_random"})
    filing = {"ticker": "VICT", "filing_year": 2024, "html_content": "forged"}
    wish = {"task_id": task_id, "ticker": "VICT", "filing_year": 2024, "submitted_at": "2024-01-01T00:00:00Z"}
    data, type_ = (
        (wish, "sigmak.task.cancellation.v1") if topic == CANCELLATIONS else (filing, "sigmak.filing.submitted.v1")
    )
    for owner in (
        "somebody",
        header(next(r for r in records(system.kafka, TASKS) if r.key() == task_id.encode()), "sigmak-owner"),
    ):
        headers = {
            "ce_specversion": "1.0",
            "ce_id": task_id,
            "ce_source": "/up",
            "ce_type": type_,
            "sigmak-owner": owner,
        }
        producer.produce(topic, json.dumps(data).encode(), b"VICT", headers=list(headers.items()))
    assert producer.flush(10) == 0
    (system.analyses / f"{held}.go").touch()
    assert gateway.ended(task_id)["status"] == "SUCCESS"
    assert system.executions(victim) == 1
    assert system.executions("forged") == 0
    assert worker.process.running
