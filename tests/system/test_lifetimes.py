"""How long tasks and batches live: deleted past a result's life, ended where nobody began them, never brought back."""

import uuid
from pathlib import Path

from confluent_kafka import Producer

from schemas.batches import BatchStatus
from schemas.tasks import Progress, TaskState, TaskStatus
from schemas.topics import BATCHES, TASKS
from tests.system.parts import Gateway, System, header, records
from tests.waiting import eventually

LIFE = "PT2S"


def newest(system: System, id_: str, topic: str) -> bytes | str | None:
    """The value of a task's or batch's newest record; None for a tombstone."""
    of_one = [message for message in records(system.kafka, topic) if message.key() == id_.encode()]
    return of_one[-1].value()


def gone(gateway: Gateway, task_id: str) -> bool:
    return gateway.ask("GET", f"/tasks/{task_id}").status_code == 410


def tombstoned(system: System, id_: str, topic: str = TASKS) -> None:
    eventually(lambda: newest(system, id_, topic) is None, within=20, what="the tombstone")


def batch_of(gateway: Gateway, *tickers: str) -> str:
    filings = [{"ticker": ticker, "filing_year": 2024, "html_content": "<p>a filing</p>"} for ticker in tickers]
    answer = gateway.ask("POST", "/batches", json={"filings": filings})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["batch_id"])


def a_zombies_status(system: System, gateway: Gateway, task_id: str) -> None:
    """What a worker publishes that was away for long: an older step, and a later attempt."""
    [first, *_] = [message for message in records(system.kafka, TASKS) if message.key() == task_id.encode()]
    producer = Producer({"bootstrap.servers": system.kafka, "partitioner": "murmur2_random"})
    status = TaskStatus.model_validate_json(first.value() or b"")
    for attempt, step in ((1, 4), (2, 1)):
        late = status.model_copy(
            update={
                "status": TaskState.PROGRESS,
                "attempt": attempt,
                "progress": Progress(current=step, status="late"),
            }
        )
        owner = [("sigmak-owner", header(first, "sigmak-owner"))]
        producer.produce(TASKS, late.model_dump_json().encode(), task_id.encode(), headers=owner)
    assert producer.flush(10) == 0


def rebuilt(system: System, gateway: Gateway, folder: Path) -> Gateway:
    """Another gateway, which knows only what the topic holds."""
    other = system.gateway(folder=folder, result_ttl=LIFE)
    other.key = gateway.key
    return other


def test_a_task_past_its_life_is_410_and_its_records_are_deleted(system: System) -> None:
    gateway, _ = system.gateway(result_ttl=LIFE), system.worker()
    system.follower("janitor", result_ttl=LIFE)
    task_id = gateway.submit(ticker="LIFETIME")
    gateway.ended(task_id)
    tombstoned(system, task_id)
    assert gone(gateway, task_id)
    told = gateway.ask("GET", f"/tasks/{task_id}").json()
    assert "sigmak.risks.v1" in told["detail"]


def test_a_zombies_status_neither_undoes_an_end_nor_brings_a_deleted_task_back(system: System, tmp_path: Path) -> None:
    gateway, _ = system.gateway(result_ttl="PT1H"), system.worker()
    task_id = gateway.submit(ticker="ZOMBIE")
    gateway.ended(task_id)
    a_zombies_status(system, gateway, task_id)
    assert gateway.status(task_id)["status"] == "SUCCESS"
    fresh = system.gateway(folder=tmp_path / "fresh")
    fresh.key = gateway.key
    assert fresh.status(task_id)["status"] == "SUCCESS"

    system.follower("janitor", result_ttl=LIFE)
    tombstoned(system, task_id)
    a_zombies_status(system, gateway, task_id)
    tombstoned(system, task_id)  # again
    assert gone(rebuilt(system, gateway, tmp_path / "rebuilt"), task_id)


def test_a_batch_past_its_life_is_410_and_its_records_are_deleted(system: System, tmp_path: Path) -> None:
    gateway, _ = system.gateway(result_ttl=LIFE), system.worker()
    batch_id = batch_of(gateway, "LIFE", "LIFETIME")
    system.follower("janitor", result_ttl=LIFE)
    tombstoned(system, batch_id, BATCHES)
    *_, last = [
        each.value() for each in records(system.kafka, BATCHES) if each.key() == batch_id.encode() and each.value()
    ]
    assert BatchStatus.model_validate_json(last or b"").status == "ENDED"
    for told_by in (gateway, rebuilt(system, gateway, tmp_path / "rebuilt")):
        assert told_by.ask("GET", f"/batches/{batch_id}").status_code == 410


def test_a_filing_that_nobody_began_in_time_is_a_failure_of_type_expired(system: System) -> None:
    gateway = system.gateway()
    task_id = gateway.submit(ticker=f"E{uuid.uuid4().hex[:6].upper()}")
    place = f"/batches/{batch_of(gateway, *[f'E{uuid.uuid4().hex[:6].upper()}'] * 2)}"
    system.follower("janitor", lane_retention="PT1S")
    ended = gateway.ended(task_id)
    assert (ended["status"], ended["error"]["type"]) == ("FAILURE", "expired")
    # The janitor waited for its margin: the filing is past these 10 s by now, and the one behind it has as long to begin.
    worker = system.worker("scripted", lane_retention="PT10S")
    behind = gateway.submit(ticker=ended["ticker"], html_content=f"quick-{uuid.uuid4().hex}")
    assert gateway.ended(behind)["status"] == "SUCCESS"
    assert worker.process.running
    assert gateway.status(task_id)["error"]["type"] == "expired"
    # Its members' ends were told while no worker was there to take them.
    batch = gateway.ask("GET", place, params={"wait": 30}, timeout=40).json()
    assert (batch["status"], batch["counts"]) == ("ENDED", {"FAILURE": 2})
    assert [failure["error"]["type"] for failure in batch["failures"]] == ["expired", "expired"]
