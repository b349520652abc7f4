"""Webhooks: the sender as a process, against a real Kafka and real receivers, whoever dies or hangs."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.keys import read_keys
from ops.webhooks import fold
from schemas.events import webhook_delivery
from schemas.topics import WEBHOOKS
from schemas.webhooks import WebhookDelivery
from streams.due_consumer import record_of
from tests.certificates import Authority
from tests.system.parts import Gateway, System, Worker, records
from tests.unit.webhooks.examples import a_delivery
from tests.waiting import eventually
from tests.webhook_receiver import Receiver
from transport.connection import KafkaConnection
from transport.publisher import KafkaPublisher
from transport.webhook_secrets import make_secret

OWNER = "key-of-the-tests"
ALLOW = '["127.0.0.1"]'


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def secret(system: System) -> str:
    return make_secret(system.webhook_secrets, OWNER, now=now())


def sender(system: System, *, wait: bool = True, delays: str = "[1, 1, 1]", **settings: object) -> Worker:
    return system.follower("webhooks", wait=wait, webhook_allow=ALLOW, webhook_delays=delays, **settings)


def send(system: System, *urls: str, owner: str | None = OWNER) -> list[str]:
    """Put deliveries on the topic, as those do who end tasks; returns their ids."""
    deliveries = [
        a_delivery(webhook_id=f"{uuid.uuid4()}-ended", subject=str(uuid.uuid4()), url=url, owner=owner) for url in urls
    ]

    async def publish() -> None:
        for delivery in deliveries:
            event = webhook_delivery(delivery, source="/test", time=now())
            await publisher.publish(WEBHOOKS, delivery.subject, event)

    publisher = KafkaPublisher(KafkaConnection(system.kafka), client_id="test", delivery_timeout=None)
    try:
        asyncio.run(publish())
    finally:
        publisher.close()
    return [delivery.webhook_id for delivery in deliveries]


def sigmak(system: System, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ops.main", "webhooks", *arguments],
        env={
            **os.environ,
            "SIGMAK_KAFKA_BOOTSTRAP_SERVERS": system.kafka,
            "SIGMAK_WEBHOOK_SECRETS_FILE": str(system.webhook_secrets),
        },
        capture_output=True,
        text=True,
        timeout=60,
    )


def states(system: System, ids: Sequence[str]) -> list[WebhookDelivery]:
    """How these deliveries stand; read here, a command takes a second to start."""
    found = {each.state.webhook_id: each.state for each in fold(map(record_of, records(system.kafka, WEBHOOKS)))}
    return [found[webhook_id] for webhook_id in ids]


def ended(system: System, *ids: str) -> list[WebhookDelivery]:
    """The ends of deliveries."""

    def look() -> list[WebhookDelivery] | None:
        found = states(system, ids)
        return found if all(state.outcome for state in found) else None

    return eventually(look, within=40, what=f"the ends of {ids}")


def came(receiver: Receiver, path: str, times: int = 1, *, within: float = 30) -> None:
    eventually(lambda: len(receiver.of(path)) >= times, within=within, what=f"{path} is called {times} times")


def test_answers_decide_what_becomes_of_a_delivery_and_an_operator_sees_it(
    system: System, receiver: Receiver, secret: str
) -> None:
    sender(system)
    paths = ("/token/204", "/token/503/500/200", "/token/410", "/token/302", "/unsigned/200")
    *owned, unsigned = map(receiver.url, paths)
    delivered, retried, gone, redirected = send(system, *owned)
    [no_secret] = send(system, unsigned, owner=None)

    ends = ended(system, delivered, retried, gone, redirected, no_secret)
    assert [(state.outcome, state.attempts, state.last_attempt and state.last_attempt.status) for state in ends] == [
        ("delivered", 1, 204),
        ("delivered", 3, 200),
        ("gone", 1, 410),
        ("given_up", 4, 302),
        ("no_secret", 0, None),
    ]
    assert receiver.of("/elsewhere/200") == receiver.of("/unsigned/200") == []

    tried = receiver.of("/token/503/500/200")
    assert {each.webhook_id for each in tried} == {retried}
    assert len({each.headers["webhook-timestamp"] for each in tried}) > 1
    assert all(each.verified_with(secret) for each in tried)

    shown = sigmak(system, "list", "--json", "--task", ends[2].subject)
    assert shown.returncode == 0, shown.stderr
    [facts] = json.loads(shown.stdout)
    assert (facts["id"], facts["outcome"], facts["last_status"], facts["attempts"]) == (gone, "gone", 410, 1)
    assert "token" not in shown.stdout
    assert delivered in sigmak(system, "list").stdout
    again = sigmak(system, "resend", delivered)
    assert again.returncode == 0, again.stderr
    came(receiver, "/token/204", 2)
    assert {each.webhook_id for each in receiver.of("/token/204")} == {delivered}
    assert sigmak(system, "resend", "nothing").returncode == 1


def test_a_receiver_that_hangs_and_one_that_is_dead_hold_up_nobody_else(
    system: System, receiver: Receiver, secret: str
) -> None:
    sender(system, delays="[300]")
    with Receiver() as hanging, contextlib.closing(socket_of_nobody()) as dead:
        nowhere = f"http://127.0.0.1:{dead.getsockname()[1]}/"
        send(system, *[hanging.url("/slow/hang")] * 40, *[nowhere] * 40)
        came(hanging, "/slow/hang")
        began = time.monotonic()
        send(system, *[receiver.url("/quick/200")] * 40)
        came(receiver, "/quick/200", 40, within=10)
        assert time.monotonic() - began < 10
        assert len(hanging.of("/slow/hang")) == 4


def socket_of_nobody() -> socket.socket:
    """A port that takes connections into its backlog until that is full, and never answers."""
    silent = socket.socket()
    silent.bind(("127.0.0.1", 0))
    silent.listen(0)
    return silent


def test_a_sender_that_is_killed_between_an_answer_and_its_record_sends_once_more_under_the_same_id(
    system: System, receiver: Receiver, secret: str
) -> None:
    first = sender(system)
    [before] = send(system, receiver.url("/before/200"))
    ended(system, before)
    receiver.on_request = lambda took: first.process.kill() if took.path == "/killing/200" else None
    [killing] = send(system, receiver.url("/killing/200"))
    came(receiver, "/killing/200")
    assert first.process.ended_within(10)
    sender(system, wait=False)
    assert ended(system, killing)[0].outcome == "delivered"
    assert [each.webhook_id for each in receiver.of("/killing/200")] == [killing] * 2
    assert len(receiver.of("/before/200")) == 1


def test_what_waits_for_its_next_attempt_outlives_the_sender_and_many_are_delivered_once(
    system: System, receiver: Receiver, secret: str
) -> None:
    first = sender(system, delays="[8, 1]")
    paths = [f"/waiting-{number}/500/200" for number in range(30)]
    ids = send(system, *map(receiver.url, paths))
    eventually(lambda: all(each.attempts for each in states(system, ids)), within=30, what="each was attempted")
    first.process.kill()
    sender(system, wait=False)
    assert {state.outcome for state in ended(system, *ids)} == {"delivered"}
    assert {len(receiver.of(path)) for path in paths} == {2}


def test_a_rotation_signs_twice_while_the_sender_runs(system: System, receiver: Receiver, secret: str) -> None:
    sender(system)
    rotated = sigmak(system, "secret", OWNER, "--rotate", "--keep-hours", "1")
    assert rotated.returncode == 0, rotated.stderr
    send(system, receiver.url("/rotated/200"))
    came(receiver, "/rotated/200")
    [took] = receiver.of("/rotated/200")
    assert took.verified_with(secret)
    assert took.verified_with(rotated.stdout.strip())
    assert sigmak(system, "secret", OWNER).returncode == 1


# From the submission on


def owner_of(system: System) -> str:
    return read_keys(system.keys)[-1].id


def body_of(receiver: Receiver, path: str) -> dict[str, Any]:
    came(receiver, path)
    return dict(json.loads(receiver.of(path)[0].body))


def test_who_submits_with_a_callback_is_told_of_the_end_by_https(system: System, tmp_path: Path) -> None:
    authority = Authority(tmp_path, "receivers")
    gateway, _ = system.gateway(), system.worker("scripted")
    secret = make_secret(system.webhook_secrets, owner_of(system), now=now())
    sender(system, webhook_ca_file=authority.file)
    with Receiver(authority.pem("receiver")) as receiver:
        task_id = gateway.submit(ticker="TOLD", html_content="quick", callback_url=receiver.url("/json/200"))
        failing = gateway.ask(
            "POST",
            "/analyze",
            params={"ticker": "TOLD", "filing_year": 2024, "callback_url": receiver.url("/raw/200")},
            headers={"Content-Type": "text/html"},
            content=b"permanent-fault",
        )
        assert failing.status_code == 202, failing.text
        body = body_of(receiver, "/json/200")
        assert (body["type"], body["data"]["task_id"], body["data"]["ticker"]) == ("task.succeeded", task_id, "TOLD")
        assert receiver.of("/json/200")[0].verified_with(secret)
        # Who is told may read at once.
        assert gateway.status(task_id)["status"] == "SUCCESS"
        assert body_of(receiver, "/raw/200")["data"]["error"]["type"] == "not_a_filing"


def test_who_submits_is_told_once_that_the_waiting_task_was_cancelled(system: System, receiver: Receiver) -> None:
    gateway, _ = system.gateway(webhook_allow=ALLOW), system.worker("scripted")
    make_secret(system.webhook_secrets, owner_of(system), now=now())
    sender(system)
    held = f"hold-{uuid.uuid4().hex}"
    first = gateway.submit(ticker="CALLS", html_content=held)
    eventually(lambda: system.executions(held), within=40, what="the first is in work")
    url, labels = receiver.url("/cancelled/200"), {"desk": "credit"}
    waiting = gateway.submit(ticker="CALLS", html_content="quick", callback_url=url, labels=labels)
    behind = gateway.submit(ticker="CALLS", html_content="quick")
    assert gateway.ask("DELETE", f"/tasks/{waiting}").status_code == 202

    body = body_of(receiver, "/cancelled/200")
    assert (body["type"], body["data"]["task_id"], body["data"]["labels"]) == ("task.cancelled", waiting, labels)
    assert gateway.status(waiting)["status"] == "CANCELLED"
    # Its event comes all the same, and is skipped.
    (system.analyses / f"{held}.go").touch()
    assert [gateway.ended(task_id)["status"] for task_id in (first, behind)] == ["SUCCESS", "SUCCESS"]
    ended(system, f"{waiting}-ended")
    assert [took.webhook_id for took in receiver.of("/cancelled/200")] == [f"{waiting}-ended"]


def test_who_submits_a_batch_is_told_of_its_end_and_apart_from_it_of_the_filings_that_have_a_callback(
    system: System, receiver: Receiver
) -> None:
    gateway, _ = system.gateway(webhook_allow=ALLOW), system.worker("scripted")
    secret = make_secret(system.webhook_secrets, owner_of(system), now=now())
    sender(system)
    own = {"html_content": "quick", "callback_url": receiver.url("/member/200")}
    contents = [own, {"html_content": "quick"}, {"html_content": "permanent-fault"}]
    filings = [{"ticker": "TOLD", "filing_year": 2024, **content} for content in contents]
    body = {"filings": filings, "callback_url": receiver.url("/batch/200")}
    accepted = gateway.ask("POST", "/batches", json=body).json()
    batch_id, place = accepted["batch_id"], f"/batches/{accepted['batch_id']}"

    told = body_of(receiver, "/batch/200")
    status = gateway.ask("GET", place).json()
    assert (told["type"], told["data"]["batch_id"]) == ("batch.ended", batch_id)
    assert told["data"]["counts"] == status["counts"] == {"SUCCESS": 2, "FAILURE": 1}
    assert told["timestamp"] == told["data"]["ended_at"] == status["ended_at"]
    assert body_of(receiver, "/member/200")["data"]["task_id"] == accepted["task_ids"][0]
    ended(system, f"{batch_id}-ended", f"{accepted['task_ids'][0]}-ended")
    assert [took.webhook_id for took in receiver.of("/batch/200")] == [f"{batch_id}-ended"]
    assert [took.verified_with(secret) for took in receiver.received] == [True, True]
    shown = json.loads(sigmak(system, "list", "--json", "--batch", batch_id).stdout)
    assert [(facts["id"], facts["subject"], facts["outcome"]) for facts in shown] == [
        (f"{batch_id}-ended", batch_id, "delivered")
    ]
    assert sigmak(system, "resend", batch_id).returncode == 0
    came(receiver, "/batch/200", 2)


def test_who_submits_is_told_that_the_task_expired(system: System, receiver: Receiver) -> None:
    gateway = system.gateway(webhook_allow=ALLOW)
    make_secret(system.webhook_secrets, owner_of(system), now=now())
    sender(system)
    gateway.submit(ticker=f"E{uuid.uuid4().hex[:6].upper()}", callback_url=receiver.url("/expired/200"))
    system.follower("janitor", lane_retention="PT1S")
    assert body_of(receiver, "/expired/200")["data"]["error"]["type"] == "expired"


@pytest.mark.parametrize("url", ["http://127.0.0.1/hook", "ftp://example.com/", "https://user:pass@example.com/", "x"])
def test_a_callback_url_that_can_not_be_is_refused_by_its_name(refusing: Gateway, url: str) -> None:
    answers = [
        refusing.post(callback_url=url),
        refusing.ask(
            "POST",
            "/index",
            params={"ticker": "ACME", "filing_year": 2024, "callback_url": url},
            headers={"Content-Type": "text/html"},
            content=b"x",
        ),
    ]
    for answer in answers:
        assert answer.status_code == 422, answer.text
        assert [error["field"] for error in answer.json()["errors"]] == ["callback_url"]


def test_a_callback_is_refused_while_the_key_has_no_secret_and_taken_as_soon_as_it_has(system: System) -> None:
    gateway = system.gateway()
    refused = gateway.post(callback_url="https://example.com/hook")
    assert refused.status_code == 422
    owner = owner_of(system)
    assert f"sigmak webhooks secret {owner}" in refused.json()["errors"][0]["message"]
    assert sigmak(system, "secret", owner).returncode == 0
    task_id = gateway.submit(callback_url="https://example.com/hook")
    assert gateway.status(task_id)["callback_url"] == "https://example.com/hook"


@pytest.fixture(scope="module")
def refusing(kafka: str, analyses: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    running = System(kafka, tmp_path_factory.mktemp("system"), analyses)
    yield running.gateway()
    running.stop()
