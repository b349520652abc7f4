"""The life of a filing event, seen from outside: what is accepted ends once, whatever dies on the way."""

import time
import uuid

import pytest
import uuid_utils.compat
from confluent_kafka import Producer

from schemas.topics import ATTEMPTS_CHANGELOG, FILINGS, FILINGS_DEAD, RISKS
from tests.system.parts import System, header, records
from tests.waiting import eventually


def _named(kind: str) -> str:
    return f"{kind}-{uuid.uuid4().hex[:8]}"


def _began(system: System, name: str, times: int = 1) -> None:
    eventually(lambda: system.executions(name) >= times, within=40, what=f"start {times} of {name}")


def _let_go(system: System, name: str) -> None:
    (system.analyses / f"{name}.go").touch()


def _assessments(system: System, task_id: str) -> int:
    return sum(header(message, "ce_id") == task_id for message in records(system.kafka, RISKS))


def test_an_accepted_filing_ends_in_success_with_one_assessment_on_the_risk_topic(system: System) -> None:
    gateway, _ = system.gateway(), system.worker()
    task_id = gateway.submit(ticker="LIFE")
    ended = gateway.ended(task_id)
    assert ended["status"] == "SUCCESS"
    assert ended["progress"] == {"current": 5, "total": 5, "status": "finished"}
    assert ended["result"]["ticker"] == "LIFE"
    assert ended["submitted_at"] <= ended["started_at"] <= ended["ended_at"]
    assert _assessments(system, task_id) == 1


def test_a_killed_workers_filing_is_ended_by_the_other_worker(system: System) -> None:
    gateway = system.gateway()
    first = system.worker("scripted")
    name = _named("hold")
    task_id = gateway.submit(ticker="KILLED", html_content=name)
    _began(system, name)
    system.worker("scripted", wait=False)
    first.process.kill()
    _began(system, name, times=2)
    _let_go(system, name)
    assert gateway.ended(task_id)["status"] == "SUCCESS"
    assert system.executions(name) == 2
    assert _assessments(system, task_id) == 1


def test_a_worker_told_to_stop_ends_the_filing_in_hand_and_leaves(system: System) -> None:
    gateway, worker = system.gateway(), system.worker("scripted")
    name = _named("hold")
    task_id = gateway.submit(ticker="SIGTERM", html_content=name)
    _began(system, name)
    worker.terminate()
    eventually(lambda: not worker.ready(), within=5, what="the worker stops taking filings")
    _let_go(system, name)
    assert worker.process.ended_within(20)
    assert worker.process.ending() == "ended with exit code 0"
    assert gateway.status(task_id)["status"] == "SUCCESS"
    assert system.executions(name) == 1


def test_a_filing_that_outlasts_the_drain_is_handed_back_and_its_start_is_not_counted(system: System) -> None:
    gateway = system.gateway()
    name = _named("hold")
    task_id = gateway.submit(ticker="DRAINED", html_content=name)
    for start in range(1, 5):  # one more than a poison pill gets
        worker = system.worker("scripted", drain_seconds=0.1)
        _began(system, name, times=start)
        worker.terminate()
        assert worker.process.ended_within(20)
    _let_go(system, name)
    system.worker("scripted")
    assert gateway.ended(task_id)["status"] == "SUCCESS"


def test_a_filing_that_kills_three_workers_is_a_poison_pill_and_no_fourth_dies(system: System) -> None:
    gateway = system.gateway()
    name = _named("kill")
    task_id = gateway.submit(ticker="POISON", html_content=name)
    for _ in range(3):
        worker = system.worker("scripted", wait=False)
        assert worker.process.ended_within(60)
    survivor = system.worker("scripted")
    ended = gateway.ended(task_id, within=60)
    assert (ended["status"], ended["error"]["type"]) == ("FAILURE", "poison_pill")
    assert system.executions(name) == 3
    dead = [message for message in records(system.kafka, FILINGS_DEAD) if header(message, "ce_id") == task_id]
    assert [header(message, "sigmak-dead-type") for message in dead] == ["poison_pill"]
    assert survivor.process.running


def test_a_filing_that_waits_behind_another_in_its_partition_outlives_a_killed_worker(system: System) -> None:
    gateway, first = system.gateway(), system.worker("scripted")
    names = [_named("hold"), *(_named("quick") for _ in range(6))]
    task_ids = [gateway.submit(ticker="QUEUE", html_content=name) for name in names]
    _began(system, names[0])
    first.process.kill()
    system.worker("scripted", wait=False)
    _began(system, names[0], times=2)
    _let_go(system, names[0])
    assert {gateway.ended(task_id)["status"] for task_id in task_ids} == {"SUCCESS"}
    assert [system.executions(name) for name in names] == [2, 1, 1, 1, 1, 1, 1]


def test_a_permanent_fault_ends_in_failure_with_its_type(system: System) -> None:
    gateway, _ = system.gateway(), system.worker("scripted")
    ended = gateway.ended(gateway.submit(html_content=_named("permanent")))
    assert ended["status"] == "FAILURE"
    assert ended["error"] == {"type": "not_a_filing", "message": "It is not a filing."}
    assert ended["progress"] == {"current": 1, "total": 5, "status": "reading"}


@pytest.mark.parametrize("kind", ["broken", "panic"])
def test_a_fault_of_ours_ends_in_failure_and_its_text_is_shown_to_nobody(system: System, kind: str) -> None:
    gateway, worker = system.gateway(), system.worker("scripted")
    name = _named(kind)
    ended = gateway.ended(gateway.submit(html_content=name))
    assert ended["error"]["type"] == "internal_error"
    assert name not in ended["error"]["message"]
    assert name not in worker.process.log.read_text()


def test_undecodable_bytes_become_a_counted_dead_letter_and_the_worker_goes_on(system: System) -> None:
    gateway, worker = system.gateway(), system.worker()
    producer = Producer({"bootstrap.servers": system.kafka, "partitioner": "murmur2_random"})
    garbage = uuid.uuid4().bytes + b"\xff\x00 not an event"
    producer.produce(FILINGS, garbage, b"GARBAGE")
    assert producer.flush(10) == 0
    assert gateway.ended(gateway.submit(ticker="GARBAGE"))["status"] == "SUCCESS"
    dead = [message for message in records(system.kafka, FILINGS_DEAD) if message.value() == garbage]
    assert [header(message, "sigmak-dead-type") for message in dead] == ["undecodable"]
    assert header(dead[0], "sigmak-original-topic") == FILINGS
    assert worker.process.running
    metrics = worker.ask("/metrics").text
    assert 'sigmak_filings_dead_lettered_total{reason="undecodable"} 1.0' in metrics


def test_an_event_of_a_task_that_has_ended_is_skipped(system: System) -> None:
    gateway, worker = system.gateway(), system.worker("scripted")
    name = _named("once")
    task_id = gateway.submit(ticker="TWICE", html_content=name)
    gateway.ended(task_id)
    [event] = [message for message in records(system.kafka, FILINGS) if header(message, "ce_id") == task_id]
    producer = Producer({"bootstrap.servers": system.kafka, "partitioner": "murmur2_random"})
    producer.produce(FILINGS, event.value(), event.key(), headers=event.headers())
    assert producer.flush(10) == 0
    eventually(lambda: "sigmak_filings_skipped_total 1.0" in worker.ask("/metrics").text, within=10, what="the skip")
    assert system.executions(name) == 1
    assert _assessments(system, task_id) == 1


def test_what_a_worker_remembered_too_late_does_not_bring_an_ended_task_back(system: System) -> None:
    gateway, first = system.gateway(), system.worker("scripted", drain_seconds=0.1)
    name = _named("hold")
    task_id = gateway.submit(ticker="LATE", html_content=name)
    _began(system, name)
    first.terminate()
    second = system.worker("scripted")
    _began(system, name, times=2)
    _let_go(system, name)
    assert gateway.ended(task_id)["status"] == "SUCCESS"
    second.terminate()
    assert second.process.ended_within(20)
    # As if the first worker's first word had been under way until now, and the filing had not been committed.
    word = next(each for each in records(system.kafka, ATTEMPTS_CHANGELOG) if task_id.encode() in (each.key() or b""))
    [event] = [each for each in records(system.kafka, FILINGS) if header(each, "ce_id") == task_id]
    producer = Producer({"bootstrap.servers": system.kafka})
    for again in (word, event):
        producer.produce(again.topic(), again.value(), again.key(), again.partition(), headers=again.headers())
    assert producer.flush(10) == 0
    third = system.worker("scripted")
    eventually(lambda: "sigmak_filings_skipped_total 1.0" in third.ask("/metrics").text, within=20, what="the skip")
    assert system.executions(name) == 2


def test_a_filing_event_of_an_upstream_without_a_key_is_worked_on(system: System) -> None:
    _, worker = system.gateway(), system.worker()
    task_id = str(uuid_utils.compat.uuid7())
    producer = Producer({"bootstrap.servers": system.kafka, "partitioner": "murmur2_random"})
    headers = {"ce_specversion": "1.0", "ce_id": task_id, "ce_source": "/upstream",
               "ce_type": "sigmak.filing.submitted.v1"}  # fmt: skip
    data = b'{"ticker": "UPSTREAM", "filing_year": 2024, "html_content": "<p>x</p>"}'
    producer.produce(FILINGS, data, b"UPSTREAM", headers=list(headers.items()))
    assert producer.flush(10) == 0
    eventually(lambda: _assessments(system, task_id) == 1, within=20, what="its assessment")
    assert worker.process.running


def test_a_stuck_partition_makes_the_worker_not_ready_and_is_named(system: System) -> None:
    gateway, worker = system.gateway(), system.worker("scripted", stuck_seconds=1)
    name = _named("hold")
    task_id = gateway.submit(ticker="STUCK", html_content=name)
    _began(system, name)
    eventually(lambda: not worker.ready(), within=20, what="the worker says that it is stuck")
    [reason] = worker.ask("/ready").json()["reasons"]
    assert "sigmak.filings.v1, partition" in reason
    assert "is stuck" in reason
    assert "stuck: sigmak.filings.v1, partition" in worker.process.log.read_text()
    _let_go(system, name)
    assert gateway.ended(task_id)["status"] == "SUCCESS"
    eventually(worker.ready, within=20, what="the worker is well again")


def test_a_worker_shows_lag_age_stages_and_queue(system: System) -> None:
    gateway, worker = system.gateway(), system.worker("scripted")
    name = _named("hold")
    waiting = [gateway.submit(ticker="METRIC", html_content=each) for each in (name, _named("quick"))]
    _began(system, name)
    lane = 'lane="sigmak.filings.v1"'
    eventually(
        lambda: f"sigmak_lane_lag{{{lane}}} 2.0" in worker.ask("/metrics").text, within=20, what="both are counted"
    )
    age = next(
        line
        for line in worker.ask("/metrics").text.splitlines()
        if line.startswith(f"sigmak_lane_oldest_seconds{{{lane}}}")
    )
    assert float(age.split()[1]) > 0
    _let_go(system, name)
    for task_id in waiting:
        gateway.ended(task_id)
    eventually(lambda: f"sigmak_lane_lag{{{lane}}} 0.0" in worker.ask("/metrics").text, within=20, what="nothing waits")
    shown = worker.ask("/metrics").text
    assert 'sigmak_stage_seconds_count{stage="reading"} 2.0' in shown
    assert 'sigmak_filings_finished_total{state="SUCCESS"} 2.0' in shown
    assert "sigmak_producer_queue_events" in shown
    assert waiting[0] not in shown


def test_a_killed_workers_filings_start_elsewhere_within_15_seconds(system: System) -> None:
    gateway, workers = system.gateway(), [system.worker("scripted", session_timeout=10) for _ in range(2)]
    held, waiting = _named("hold"), _named("quick")
    task_ids = [gateway.submit(ticker="SOON", html_content=content) for content in (held, waiting)]
    _began(system, held)
    began_by = int((system.analyses / f"{held}.began").read_text().split()[0])
    [victim] = [worker for worker in workers if worker.process.pid == began_by]
    victim.process.kill()
    killed_at = time.monotonic()
    _let_go(system, held)
    assert {gateway.ended(task_id, within=60)["status"] for task_id in task_ids} == {"SUCCESS"}
    assert time.monotonic() - killed_at < 30, "twice the promised time"
