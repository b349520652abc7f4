"""Kafka away: the gateway says so at once, and recovers by itself."""

import socket
import time

import pytest

from ops.local.kafka import LocalKafka
from schemas.topics import TASKS
from tests.system.flow import end_of
from tests.system.parts import System, delete_topic, records
from tests.waiting import eventually

_RECOVERS_WITHIN = 30


@pytest.fixture
def away(own_kafka: LocalKafka, system: System) -> System:
    """A system on a Kafka of its own, which the test takes away."""
    system.kafka = own_kafka.bootstrap_servers
    return system


@pytest.mark.alone
def test_a_submission_while_kafka_is_away_is_503_within_5_s_and_at_once_when_it_is_known(
    own_kafka: LocalKafka, away: System
) -> None:
    gateway = away.gateway()
    gateway.submit()
    own_kafka.kill()
    began = time.monotonic()
    first = gateway.post()
    assert first.status_code == 503
    assert time.monotonic() - began < 10  # twice what is promised
    assert int(first.headers["retry-after"]) > 0
    assert first.headers["content-type"] == "application/problem+json"
    eventually(lambda: not gateway.ready(), within=10, what="/ready says that Kafka is away")
    began = time.monotonic()
    assert gateway.post().status_code == 503
    assert time.monotonic() - began < 1


def test_the_gateway_recovers_by_itself_and_what_it_refused_is_nowhere(own_kafka: LocalKafka, away: System) -> None:
    gateway = away.gateway()
    kept = gateway.submit()
    gateway.status(kept)
    own_kafka.kill()
    refused = [gateway.post(ticker="REFUSED") for _ in range(3)]
    assert {answer.status_code for answer in refused} == {503}
    own_kafka.start()
    eventually(lambda: gateway.post(ticker="AFTER").status_code == 202, within=_RECOVERS_WITHIN, what="acceptance")
    assert gateway.status(kept)["status"] == "PENDING"
    newest = {each.key(): each.value() for each in records(away.kafka, TASKS)}
    told = {answer.json().get("task_id", "").encode() for answer in refused}
    assert not [key for key, value in newest.items() if value and b"REFUSED" in value and key not in told]


def test_a_known_task_is_still_told_while_kafka_is_away_and_an_unknown_one_is_503(
    own_kafka: LocalKafka, away: System
) -> None:
    gateway = away.gateway()
    task_id = gateway.submit()
    gateway.status(task_id)
    own_kafka.kill()
    assert gateway.status(task_id)["status"] == "PENDING"
    unknown = task_id[:-4] + ("0000" if task_id[-4:] != "0000" else "1111")
    assert gateway.ask("GET", f"/tasks/{unknown}").status_code == 503


def test_a_worker_goes_on_after_kafka_was_away(own_kafka: LocalKafka, away: System) -> None:
    gateway, worker = away.gateway(), away.worker()
    gateway.ended(gateway.submit())
    own_kafka.kill()
    own_kafka.start()
    eventually(gateway.ready, within=_RECOVERS_WITHIN, what="the gateway is ready")
    task_id = eventually(
        lambda: answer.json()["task_id"] if (answer := gateway.post()).status_code == 202 else None,
        within=_RECOVERS_WITHIN,
        what="acceptance",
    )
    # Which may take a while to be told again: until the table's topic can be read to its end, the answer is 503.
    assert eventually(lambda: end_of(gateway, task_id), within=90, what="the filing's end") == "SUCCESS"
    assert worker.process.running


def test_gateway_and_worker_wait_for_a_kafka_that_is_not_there_yet(own_kafka: LocalKafka, away: System) -> None:
    own_kafka.stop()
    gateway, worker = away.starting_gateway(), away.worker(wait=False)
    eventually(lambda: gateway.ask("GET", "/live").status_code == 200 if _listens(gateway.url) else False,
               within=20, what="the gateway lives")  # fmt: skip
    assert gateway.ask("GET", "/ready").status_code == 503
    own_kafka.start()
    eventually(gateway.ready, within=_RECOVERS_WITHIN, what="the gateway is ready")
    eventually(worker.ready, within=2 * _RECOVERS_WITHIN, what="the worker is ready")


@pytest.mark.parametrize("part", ["gateway", "worker"])
def test_a_missing_topic_ends_the_start_with_its_name(own_kafka: LocalKafka, away: System, part: str) -> None:
    delete_topic(away.kafka, TASKS)
    process = away.starting_gateway().process if part == "gateway" else away.worker(wait=False).process
    assert process.ended_within(30)
    assert process.ending() == "ended with exit code 1"
    assert f"{TASKS}: is missing" in process.output()


def _listens(url: str) -> bool:
    host, _, port = url.removeprefix("http://").partition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True
