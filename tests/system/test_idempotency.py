"""Submissions with an Idempotency-Key, from many clients to several gateways that die or lose Kafka: one task a key."""

import gzip
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from ops.local.kafka import LocalKafka
from ops.local.process import Launch
from tests.standing_still import go_on, stand_still
from tests.system.parts import Gateway, System
from tests.waiting import eventually

AT_ONCE = 50
CLIENTS = 8


@pytest.fixture(scope="module")
def running(kafka: str, analyses: Path, launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    system = System(kafka, tmp_path_factory.mktemp("system"), analyses, launch)
    system.worker("scripted")
    yield system
    system.stop()


@pytest.fixture(scope="module")
def gateways(running: System) -> tuple[Gateway, Gateway]:
    """Two; what is sent to either is of one API key."""
    first, second = running.gateway(), running.gateway()
    second.key = first.key
    return first, second


def _new() -> str:
    """A filing's content whose executions are noted, and its Idempotency-Key at once."""
    return f"nap-{uuid.uuid4().hex}"


def _send(gateway: Gateway, content: str, *, key: str | None = None, ticker: str = "KEYED") -> httpx.Response:
    body = {"ticker": ticker, "filing_year": 2024, "html_content": content}
    return gateway.ask("POST", "/analyze", headers={"Idempotency-Key": key or content}, json=body)


def _task(answer: httpx.Response) -> str:
    assert answer.status_code == 202, answer.text
    return str(answer.json()["task_id"])


def _until_accepted(gateway: Gateway, content: str) -> str:
    """Send it as often as it takes; returns its task."""
    answer = eventually(
        lambda: found if (found := _send(gateway, content)).status_code != 503 else None, within=60, what="acceptance"
    )
    return _task(answer)


def test_fifty_at_once_on_two_gateways_are_one_task_and_one_execution(
    running: System, gateways: tuple[Gateway, Gateway]
) -> None:
    content = _new()
    with ThreadPoolExecutor(AT_ONCE) as clients:
        answers = [*clients.map(lambda number: _send(gateways[number % 2], content), range(AT_ONCE))]
    [task] = {_task(answer) for answer in answers}
    replayed = [answer for answer in answers if answer.headers.get("idempotent-replayed") == "true"]
    assert AT_ONCE - len(gateways) <= len(replayed) < AT_ONCE
    assert gateways[0].ended(task)["status"] == "SUCCESS"
    assert _task(_send(gateways[1], content)) == task
    assert running.executions(content) == 1
    counted = [gateway.ask_without_key("/metrics").text for gateway in gateways]
    assert all("sigmak_submissions_replayed_total 0.0" not in each for each in counted)


def test_the_same_document_sent_in_another_way_is_the_same_body_and_another_one_is_refused(
    gateways: tuple[Gateway, Gateway],
) -> None:
    first, second = gateways
    content = _new()
    answer = _send(first, content)
    packed = second.ask(
        "POST",
        "/analyze?ticker=KEYED&filing_year=2024",
        headers={"Idempotency-Key": content, "Content-Type": "text/html", "Content-Encoding": "gzip"},
        content=gzip.compress(content.encode()),
    )
    assert packed.json() == {**answer.json(), "status_url": f"{second.url}/tasks/{_task(answer)}"}
    assert packed.headers["idempotent-replayed"] == "true"
    other = _send(second, content, ticker="OTHER")
    assert other.status_code == 422
    assert other.json()["type"] == "urn:sigmak:problem:idempotency_key_reused"
    assert content not in other.text


def test_a_key_that_is_none_is_refused(gateways: tuple[Gateway, Gateway]) -> None:
    answer = _send(gateways[0], "x", key="k" * 256)
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:sigmak:problem:invalid_idempotency_key"


def test_a_document_that_its_lane_does_not_take_leaves_its_key_to_a_smaller_one(
    gateways: tuple[Gateway, Gateway],
) -> None:
    key = _new()
    assert _send(gateways[0], os.urandom(17 * 1024 * 1024).hex(), key=key).status_code == 413
    _task(_send(gateways[1], key))


def test_what_a_killed_gateway_had_in_hand_and_what_got_a_503_of_unknown_outcome_is_one_task_each_when_sent_again(
    own_kafka: LocalKafka, system: System
) -> None:
    system.kafka = own_kafka.bootstrap_servers
    doomed, other = system.gateway(publish_timeout=1), system.gateway(publish_timeout=1)
    doomed.key = other.key
    to_doomed: list[str] = []
    to_other: list[str] = []
    answers: dict[str, httpx.Response] = {}
    enough = threading.Event()

    def send(gateway: Gateway, sent: list[str]) -> None:
        # One after another, so that each client has one under way whenever Kafka stands still.
        while not enough.is_set():
            sent.append(content := _new())
            try:
                answers[content] = _send(gateway, content)
            except httpx.TransportError:
                return

    def statuses(sent: list[str]) -> set[int]:
        return {answers[content].status_code for content in [*sent] if content in answers}

    with ThreadPoolExecutor(2 * CLIENTS) as clients, _standing_still(own_kafka) as stand_still:
        sending = [clients.submit(send, *each) for each in [(doomed, to_doomed), (other, to_other)] * CLIENTS]
        try:
            eventually(lambda: 202 in statuses(to_doomed) & statuses(to_other), within=30, what="both accept filings")
            stand_still()
            doomed.process.kill()
            eventually(lambda: 503 in statuses(to_other), within=30, what="a 503")
        finally:
            enough.set()
    for each in sending:
        each.result()
    assert not answers.keys() >= {*to_doomed}, "the gateway had something in hand"
    eventually(other.ready, within=30, what="the gateway reaches Kafka again")
    tasks = {content: _until_accepted(other, content) for content in (*to_doomed, *to_other)}
    assert len(set(tasks.values())) == len(tasks)
    named = {content: answer.json()["task_id"] for content, answer in answers.items() if "task_id" in answer.json()}
    assert named == {content: tasks[content] for content in named}
    system.worker("scripted")
    for content, task in tasks.items():
        assert other.ended(task)["status"] == "SUCCESS"
        assert system.executions(content) == 1


@contextmanager
def _standing_still(kafka: LocalKafka) -> Iterator[Callable[[], None]]:
    """Makes the broker stand still until the end of the block: it takes what is under way to it, but later."""
    [broker] = kafka.pids
    try:
        yield lambda: stand_still(broker)
    finally:
        go_on(broker)
