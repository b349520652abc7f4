"""Upstreams that write filing events to Kafka themselves: each of their events is validated like one of HTTP."""

import base64
import os
import uuid

import uuid_utils.compat
from confluent_kafka import Producer

from schemas.topics import FILINGS, FILINGS_DEAD, RISKS
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
