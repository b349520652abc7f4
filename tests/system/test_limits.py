"""What a key may use, at two real gateways, and what it is told when it has used it. No worker."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from gateway.keys import KeyLimits, add_key, revoke_key
from tests.system.parts import Gateway, System
from tests.waiting import eventually

QUOTA = 4
MAX_BODIES_BYTES = 100_000


@pytest.fixture(scope="module")
def system(kafka: str, analyses: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    running = System(kafka, tmp_path_factory.mktemp("system"), analyses)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def gateway(system: System) -> Gateway:
    return system.gateway(
        submissions_per_minute=QUOTA, max_body_bytes=MAX_BODIES_BYTES, max_bodies_bytes=MAX_BODIES_BYTES
    )


def _key(system: System, expires_at: datetime | None = None, **limits: object) -> str:
    _, key = add_key(system.keys, "limited", limits=KeyLimits.model_validate(limits), expires_at=expires_at)
    return key


def _problem(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, str(answer.json()["type"]).removeprefix("urn:sigmak:problem:")


def test_a_key_submits_as_many_filings_a_minute_as_it_may_and_is_told_what_is_left(
    gateway: Gateway, system: System
) -> None:
    key = _key(system)
    for left in reversed(range(QUOTA)):
        answer = gateway.post(key=key)
        assert answer.status_code == 202
        assert answer.headers["ratelimit-policy"] == f'"submissions";q={QUOTA};w=60'
        assert answer.headers["ratelimit"].startswith(f'"submissions";r={left};t=')
    answer = gateway.post("/index", key=key)
    assert _problem(answer) == (429, "rate_limited")
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert answer.headers["ratelimit"] == f'"submissions";r=0;t={answer.headers["retry-after"]}'
    assert gateway.ask("GET", "/tasks/nonsense", key=key).status_code == 404


def test_of_many_submissions_at_once_no_more_than_the_limit_are_accepted(gateway: Gateway, system: System) -> None:
    key = _key(system, submissions_per_minute=10)
    together = threading.Barrier(20)

    def _submit(_: int) -> int:
        together.wait(30)
        return gateway.post(key=key).status_code

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(_submit, range(20)))
    assert (answers.count(202), answers.count(429)) == (10, 10)


def test_refused_submissions_take_nothing_from_the_rate(gateway: Gateway, system: System) -> None:
    key = _key(system)
    for _ in range(QUOTA + 1):
        answer = gateway.post(key=key, ticker="lower")
        assert answer.status_code == 422
        assert answer.headers["ratelimit"].startswith(f'"submissions";r={QUOTA};')
    assert gateway.post(key=key).status_code == 202


def test_who_has_no_place_left_is_refused_before_the_body_is_read(gateway: Gateway, system: System) -> None:
    key = _key(system, submissions_per_minute=1)
    assert gateway.post(key=key).status_code == 202
    with _half_a_submission(gateway, key, announced=50_000) as connection:
        assert connection.recv(64).startswith(b"HTTP/1.1 429")


def test_a_key_may_have_its_own_limit_of_a_body(gateway: Gateway, system: System) -> None:
    key = _key(system, max_body_bytes=2000)
    assert gateway.post(key=key, html_content="x" * 1000).status_code == 202
    assert _problem(gateway.post(key=key, html_content="x" * 2000)) == (413, "body_too_large")
    assert gateway.post(html_content="x" * 2000).status_code == 202
    with _half_a_submission(gateway, key, announced=2001) as connection:
        assert connection.recv(64).startswith(b"HTTP/1.1 413")


def test_bodies_that_fill_the_gateways_room_make_others_come_again(gateway: Gateway) -> None:
    with _half_a_submission(gateway, gateway.key, announced=90_000, sent=80_000):
        answer = eventually(
            lambda: answer if (answer := gateway.post(html_content="x" * 40_000)).status_code != 202 else None,
            within=10,
            what="the first body fills the room",
        )
        assert _problem(answer) == (503, "overloaded")
        assert int(answer.headers["retry-after"]) > 0
        assert gateway.post(html_content="x" * 10_000).status_code == 202
    eventually(lambda: gateway.post(html_content="x" * 40_000).status_code == 202, within=10, what="the room is free")


def test_an_expired_key_is_refused_as_such_everywhere(gateway: Gateway, system: System) -> None:
    key = _key(system, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert _problem(gateway.post(key=key)) == (401, "key_expired")
    assert _problem(gateway.ask("GET", "/tasks/nonsense", key=key)) == (401, "key_expired")


def test_a_key_that_is_revoked_while_gateways_run_is_refused_at_the_next_request_of_each(
    gateway: Gateway, system: System
) -> None:
    other = system.gateway()
    record, key = add_key(system.keys, "leaked")
    task_id = gateway.post(key=key).json()["task_id"]
    assert other.ask("GET", f"/tasks/{task_id}", key=key).status_code == 200
    revoke_key(system.keys, record.id)
    assert _problem(gateway.post(key=key)) == (401, "key_revoked")
    assert _problem(other.ask("GET", f"/tasks/{task_id}", key=key)) == (401, "key_revoked")


def test_a_damaged_key_file_locks_nobody_out_and_is_shown_by_health(gateway: Gateway, system: System) -> None:
    sound = system.keys.read_bytes()
    try:
        system.keys.write_bytes(b"half a fi")
        assert gateway.post().status_code == 202
        assert _problem(gateway.post(key="sigmak_unknown")) == (401, "no_valid_key")
        health = httpx.get(f"{gateway.url}/health").json()
        assert health["status"] == "degraded"
        assert "still valid" in health["parts"]["api_keys"]
        assert str(system.keys) not in health["parts"]["api_keys"]
        assert gateway.ready()
    finally:
        system.keys.write_bytes(sound)
    assert httpx.get(f"{gateway.url}/health").json()["parts"]["api_keys"] == "ok"


def _half_a_submission(gateway: Gateway, key: str, *, announced: int, sent: int = 0) -> socket.socket:
    """A connection with a submission on it whose body does not come to its end."""
    head = (
        f"POST /analyze HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {announced}\r\n\r\n"
    )
    connection = socket.create_connection(("127.0.0.1", int(gateway.url.rpartition(":")[2])), timeout=10)
    connection.sendall(head.encode() + b" " * sent)
    return connection
