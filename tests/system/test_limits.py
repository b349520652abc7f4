"""What a key may use, at two real gateways, and what it is told when it has used it. Tasks wait: only the last test has a worker."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from gateway.keys import KeyLimits, add_key, revoke_key
from ops.local.process import Launch
from tests.system.parts import Gateway, System
from tests.waiting import eventually

QUOTA = 4
SHARE_BYTES = 100_000
"""What one key may have in hand."""
ROOM = {"max_bodies_bytes": 3 * SHARE_BYTES, "max_batch_bytes": 2 * SHARE_BYTES}


@pytest.fixture(scope="module")
def system(kafka: str, analyses: Path, launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    running = System(kafka, tmp_path_factory.mktemp("system"), analyses, launch)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def gateway(system: System) -> Gateway:
    return system.gateway(submissions_per_minute=QUOTA, max_body_bytes=SHARE_BYTES, **ROOM)


@pytest.fixture(scope="module")
def other(system: System) -> Gateway:
    """Another gateway, which none tells what it admits."""
    return system.gateway(submissions_per_minute=QUOTA)


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


def _known_to(gateway: Gateway, answer: httpx.Response, key: str) -> None:
    """To be asked for a task brings a gateway up to what others have accepted."""
    assert gateway.ask("GET", f"/tasks/{answer.json()['task_id']}", key=key).status_code == 200


def test_a_key_submits_ten_filings_a_minute_over_two_gateways(gateway: Gateway, other: Gateway, system: System) -> None:
    key = _key(system, submissions_per_minute=10)
    for number in range(10):
        here, elsewhere = (gateway, other) if number % 2 else (other, gateway)
        answer = here.post(key=key)
        assert answer.status_code == 202
        assert answer.headers["ratelimit"].startswith(f'"submissions";r={9 - number};')
        _known_to(elsewhere, answer, key)
    assert [_problem(each.post(key=key)) for each in (gateway, other)] == [(429, "rate_limited")] * 2


def test_what_was_accepted_with_an_idempotency_key_is_told_again_when_no_place_is_left(
    gateway: Gateway, other: Gateway, system: System
) -> None:
    key = _key(system, submissions_per_minute=1)
    first = _keyed(gateway, key)
    for each in (gateway, other):
        replay = eventually(lambda each=each: _accepted(_keyed(each, key)), within=10, what="a gateway knows of it")
        assert replay.json()["task_id"] == first.json()["task_id"]
        assert replay.headers["idempotent-replayed"] == "true"
        assert replay.headers["ratelimit"].startswith('"submissions";r=0;')
    assert _problem(_keyed(gateway, key, ticker="OTHER")) == (422, "idempotency_key_reused")
    assert _problem(_keyed(gateway, key, name="new")) == (429, "rate_limited")


def _keyed(gateway: Gateway, key: str, name: str = "one", ticker: str = "ACME") -> httpx.Response:
    body = {"ticker": ticker, "filing_year": 2024, "html_content": "<p>a filing</p>"}
    return gateway.ask("POST", "/analyze", key=key, headers={"Idempotency-Key": name}, json=body)


def _accepted(answer: httpx.Response) -> httpx.Response | None:
    return answer if answer.is_success else None


def test_a_key_opens_as_many_streams_as_it_may_until_one_is_closed(gateway: Gateway, system: System) -> None:
    key = _key(system, open_streams=2)
    task_id = gateway.post(key=key).json()["task_id"]
    with _stream(gateway, task_id, key):
        with _stream(gateway, task_id, key), _stream(gateway, task_id, key) as answer:
            assert answer.status_code == 429
            answer.read()
            assert _problem(answer) == (429, "too_many_streams")
            assert int(answer.headers["retry-after"]) > 0
            assert gateway.ask("GET", f"/tasks/{task_id}", key=key).status_code == 200
        eventually(lambda: _opens(gateway, task_id, key), within=10, what="the gateway sees that a stream was closed")


@contextmanager
def _stream(gateway: Gateway, task_id: str, key: str) -> Iterator[httpx.Response]:
    """An event stream that is open, and not read."""
    url = f"{gateway.url}/tasks/{task_id}/events"
    with httpx.stream("GET", url, headers={"X-API-Key": key}, timeout=20) as answer:
        yield answer


def _opens(gateway: Gateway, task_id: str, key: str) -> bool:
    with _stream(gateway, task_id, key) as answer:
        return answer.status_code == 200


def test_refused_submissions_cost_as_much_of_the_rate_as_accepted_ones(gateway: Gateway, system: System) -> None:
    key = _key(system)
    for left in reversed(range(QUOTA)):
        answer = gateway.post(key=key, ticker="lower")
        assert answer.status_code == 422
        assert answer.headers["ratelimit"].startswith(f'"submissions";r={left};')
    assert _problem(gateway.post(key=key)) == (429, "rate_limited")


def test_an_idempotency_key_that_was_accepted_is_no_free_pass_for_bodies_that_are_refused(
    gateway: Gateway, system: System
) -> None:
    key = _key(system, submissions_per_minute=2)
    _keyed(gateway, key)
    refused = [_problem(_keyed(gateway, key, ticker="lower")) for _ in range(3)]
    assert refused == [(422, "invalid_request")] * 2 + [(429, "rate_limited")]


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


def test_a_sender_that_vanishes_in_the_middle_holds_neither_room_nor_rate(system: System) -> None:
    gateway = system.gateway(max_body_bytes=SHARE_BYTES, **ROOM, body_timeout=1)
    key = _key(system, submissions_per_minute=1)
    with _half_a_submission(gateway, key, announced=90_000, sent=80_000) as connection:
        answer = _until_closed(connection)
        assert answer.startswith(b"HTTP/1.1 408")
        assert b"connection: close" in answer.lower()
        assert b"urn:sigmak:problem:body_too_slow" in answer
        assert gateway.post(key=key, html_content="x" * 40_000).status_code == 202


def test_one_key_that_fills_its_share_shuts_out_no_other(gateway: Gateway, system: System) -> None:
    key, other = _key(system), _key(system)
    with (
        _half_a_submission(gateway, key, announced=60_000, sent=50_000),
        _half_a_submission(gateway, key, announced=60_000, sent=49_000),
    ):
        eventually(
            lambda: gateway.post(key=key, html_content="x" * 40_000).status_code == 503, within=10, what="a full share"
        )
        assert gateway.post(key=other, html_content="x" * 90_000).status_code == 202


def test_a_revoked_keys_streams_and_waits_end_within_a_heartbeat(system: System) -> None:
    gateway = system.gateway(heartbeat_seconds=0.5)
    record, key = add_key(system.keys, "leaked-with-streams")
    task_id = gateway.post(key=key).json()["task_id"]
    with ThreadPoolExecutor(2) as pool, _stream(gateway, task_id, key) as stream:
        wait = pool.submit(gateway.ask, "GET", f"/tasks/{task_id}?wait=60", key=key, timeout=70)
        lines = stream.iter_lines()
        next(lines)
        revoke_key(system.keys, record.id)
        rest = pool.submit(list, lines)
        rest.result(timeout=10)
        assert _problem(wait.result(timeout=20)) == (401, "key_revoked")


def _until_closed(connection: socket.socket) -> bytes:
    """All that the gateway says on it, up to its end."""
    return b"".join(iter(lambda: connection.recv(4096), b""))


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
        health = gateway.ask_without_key("/health").json()
        assert health["status"] == "degraded"
        assert "still valid" in health["parts"]["api_keys"]
        assert str(system.keys) not in health["parts"]["api_keys"]
        assert gateway.ready()
    finally:
        system.keys.write_bytes(sound)
    assert gateway.ask_without_key("/health").json()["parts"]["api_keys"] == "ok"


def test_tasks_of_a_key_on_their_way_are_limited_over_two_gateways_until_one_ends(
    gateway: Gateway, other: Gateway, system: System
) -> None:
    key = _key(system, submissions_per_minute="unlimited", waiting_tasks=2)
    accepted = gateway.post(key=key), other.post(key=key)
    _known_to(other, accepted[0], key)
    _known_to(gateway, accepted[1], key)
    answer = gateway.post(key=key)
    assert _problem(answer) == (429, "too_many_waiting")
    assert int(answer.headers["retry-after"]) > 0
    assert _problem(other.post(key=key)) == (429, "too_many_waiting")
    system.worker("empty")
    eventually(lambda: other.post(key=key).status_code == 202, within=30, what="a task has ended")


def _half_a_submission(gateway: Gateway, key: str, *, announced: int, sent: int = 0) -> socket.socket:
    """A connection with a submission on it whose body does not come to its end."""
    head = (
        f"POST /analyze HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {announced}\r\n\r\n"
    )
    connection = socket.create_connection(("127.0.0.1", int(gateway.url.rpartition(":")[2])), timeout=10)
    connection.sendall(head.encode() + b" " * sent)
    return connection
