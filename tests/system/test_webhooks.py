"""Webhooks: the sender as a process, against a real Kafka and real receivers, whoever dies or hangs."""

import contextlib
import json
import os
import signal
import socket
import time

import pytest

from tests.system.parts import System
from tests.system.webhook_parts import OWNER, came, ended, members, now, send, sender, sigmak, states
from tests.waiting import eventually
from tests.webhook_receiver import Receiver
from transport.webhook_secrets import make_secret


@pytest.fixture
def secret(system: System) -> str:
    return make_secret(system.webhook_secrets, OWNER, now=now())


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


def test_what_waits_outlives_a_sender_that_lost_its_partitions_and_got_them_back(
    system: System, receiver: Receiver, secret: str
) -> None:
    frozen = sender(system, delays="[15, 1]")
    paths = [f"/frozen-{number}/500/200" for number in range(12)]
    ids = send(system, *map(receiver.url, paths))
    eventually(lambda: all(each.attempts for each in states(system, ids)), within=30, what="each was attempted")
    os.kill(frozen.process.pid, signal.SIGSTOP)
    eventually(lambda: not members(system), within=40, what="Kafka takes it for dead")
    os.kill(frozen.process.pid, signal.SIGCONT)
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
