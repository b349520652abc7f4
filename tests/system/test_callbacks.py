"""Who submits with a `callback_url` is told of the end, of a task or a batch."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.keys import read_keys
from ops.local.process import Launch
from tests.certificates import Authority
from tests.system.parts import Gateway, System
from tests.system.webhook_parts import ALLOW, came, ended, now, sender, sigmak
from tests.waiting import eventually
from tests.webhook_receiver import Receiver
from transport.webhook_secrets import make_secret


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
def refusing(kafka: str, analyses: Path, launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    running = System(kafka, tmp_path_factory.mktemp("system"), analyses, launch)
    yield running.gateway()
    running.stop()
