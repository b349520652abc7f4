"""What a caller is told: accepted filings, refused ones, and who may see what. One gateway, no worker."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka.partitioner import murmur2

from gateway.keys import add_key
from ops.local.process import Launch
from schemas.envelope import CloudEvent
from schemas.filings import FilingSubmitted
from schemas.topics import FILINGS, FILINGS_PRIORITY, TASKS
from tests.conftest import PARTITIONS
from tests.system.parts import Gateway, System, header, records
from tests.waiting import eventually


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that html_path may point into."""
    return tmp_path_factory.mktemp("documents")


@pytest.fixture(scope="module")
def system(kafka: str, analyses: Path, launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    running = System(kafka, tmp_path_factory.mktemp("system"), analyses, launch)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def gateway(system: System, roots: Path) -> Gateway:
    return system.gateway(document_roots=f'["{roots}"]')


def _problem(answer: httpx.Response) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    document = dict(answer.json())
    assert document["status"] == answer.status_code
    return document


def test_an_accepted_filing_is_on_the_broker_as_a_cloud_event_under_its_ticker(
    gateway: Gateway, system: System
) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = gateway.ask(
        "POST",
        "/analyze",
        headers={"traceparent": trace},
        json={
            "ticker": "BRK.B",
            "filing_year": 2023,
            "html_content": "<p>café</p>",
            "retrieve_top_k": 3,
            "revenue_usd": 364_482_000_000,
            "market_value_usd": 712.5e9,
        },
    )
    assert answer.status_code == 202
    task_id = answer.json()["task_id"]
    assert answer.headers["location"] == answer.json()["status_url"] == f"{gateway.url}/tasks/{task_id}"
    [message] = [each for each in records(system.kafka, FILINGS) if header(each, "ce_id") == task_id]
    assert message.key() == b"BRK.B"
    assert message.partition() == (murmur2(b"BRK.B") & 0x7FFFFFFF) % PARTITIONS
    event = CloudEvent.from_message(message.headers(), message.value())
    assert (event.type, event.subject, event.traceparent) == ("sigmak.filing.submitted.v1", "BRK.B", trace)
    filing = FilingSubmitted.model_validate_json(event.data)
    assert (filing.html_content, filing.retrieve_top_k, filing.action) == ("<p>café</p>", 3, "analyze")
    assert (filing.revenue_usd, filing.market_value_usd) == (364_482_000_000, 712.5e9)


def test_a_filing_to_index_is_on_the_lane_as_such(gateway: Gateway, system: System) -> None:
    task_id = gateway.submit(ticker="INDEX")
    answer = gateway.ask("POST", "/index", json={"ticker": "INDEX", "filing_year": 2020, "html_content": "x"})
    events = {header(each, "ce_id"): each.value() for each in records(system.kafka, FILINGS)}
    assert FilingSubmitted.model_validate_json(events[answer.json()["task_id"]]).action == "index"
    assert FilingSubmitted.model_validate_json(events[task_id]).action == "analyze"


def test_a_task_can_be_read_as_pending_at_once_with_a_hint_when_to_come_again(gateway: Gateway) -> None:
    task_id = gateway.submit(ticker="PEND", filing_year=2021)
    answer = gateway.ask("GET", f"/tasks/{task_id}")
    assert answer.status_code == 200
    assert answer.headers["retry-after"] == "1"
    status = answer.json()
    assert list(status) == [
        "task_id", "status", "progress", "result", "error", "ticker", "filing_year", "attempt", "due_at",
        "submitted_at", "started_at", "ended_at", "labels", "redriven_from", "batch_id", "callback_url",
    ]  # fmt: skip
    assert (status["status"], status["attempt"], status["ticker"]) == ("PENDING", 1, "PEND")
    assert status["progress"] == {"current": 0, "total": 5, "status": "waiting"}


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("body", {"html_content": None}),
        ("body", {"html_content": "x", "html_path": "/x"}),
        ("ticker", {"ticker": "lower"}),
        ("ticker", {"ticker": "MUCHTOOLONG"}),
        ("ticker", {"ticker": None}),
        ("filing_year", {"filing_year": 1989}),
        ("filing_year", {"filing_year": "soon"}),
        ("retrieve_top_k", {"retrieve_top_k": 0}),
        ("retrieve_top_k", {"retrieve_top_k": 51}),
        ("revenue_usd", {"revenue_usd": 0}),
        ("market_value_usd", {"market_value_usd": "much"}),
        ("form", {"form": "ten k"}),
        ("priority", {"priority": "urgent"}),
        ("labels", {"labels": {str(n): "x" for n in range(11)}}),
        ("labels", {"labels": {"desk": "two\nlines"}}),
        ("labels", {"labels": {"a b": "x"}}),
        ("unknown", {"unknown": 1}),
    ],
)
def test_a_field_at_fault_is_named(gateway: Gateway, field: str, body: dict[str, Any]) -> None:
    answer = gateway.post(**body)
    assert answer.status_code == 422
    problem = _problem(answer)
    assert problem["type"] == "urn:sigmak:problem:invalid_request"
    assert field in {error["field"] for error in problem["errors"]}


def test_a_body_that_is_not_json_is_a_bad_request_and_is_not_repeated(gateway: Gateway) -> None:
    answer = gateway.ask("POST", "/analyze", content=b"{secret document")
    assert answer.status_code == 400
    assert "secret" not in answer.text
    assert _problem(answer)["type"] == "urn:sigmak:problem:not_json"


def test_the_input_is_not_repeated_in_a_refusal(gateway: Gateway) -> None:
    assert "secret words" not in gateway.post(ticker="lower", html_content="secret words").text


@pytest.mark.parametrize("key", ["", "sigmak_wrong"])
@pytest.mark.parametrize(("method", "path"), [("POST", "/analyze"), ("POST", "/index"), ("GET", "/tasks/x")])
def test_without_a_valid_key_nothing_is_told(gateway: Gateway, method: str, path: str, key: str) -> None:
    answer = gateway.ask(method, path, key=key)
    assert answer.status_code == 401
    assert _problem(answer)["type"] == "urn:sigmak:problem:no_valid_key"


def test_a_key_made_while_the_gateway_runs_is_valid(gateway: Gateway, system: System) -> None:
    _, key = add_key(system.keys, "late")
    assert gateway.post(key=key).status_code == 202


def test_a_task_of_another_key_is_not_there_unless_the_key_may_read_all(gateway: Gateway, system: System) -> None:
    task_id = gateway.submit()
    _, other = add_key(system.keys, "other")
    _, auditor = add_key(system.keys, "auditor", scopes=frozenset({"read", "read:all"}))
    answer = gateway.ask("GET", f"/tasks/{task_id}", key=other)
    assert answer.status_code == 404
    assert _problem(answer)["type"] == "urn:sigmak:problem:no_such_task"
    assert gateway.ask("GET", f"/tasks/{task_id}", key=auditor).status_code == 200
    assert gateway.post(key=auditor).status_code == 403


def test_only_keys_of_the_high_tier_may_use_the_priority_lane(gateway: Gateway, system: System) -> None:
    _, high = add_key(system.keys, "high", tier="high")
    assert gateway.post(priority="high").status_code == 403
    answer = gateway.post(key=high, priority="high")
    assert answer.status_code == 202
    assert answer.json()["task_id"] in {header(each, "ce_id") for each in records(system.kafka, FILINGS_PRIORITY)}


@pytest.mark.parametrize("task_id", ["nonsense", "6f1c2a90-0000-4000-8000-000000000000"])
def test_an_id_that_is_no_task_id_is_not_found(gateway: Gateway, task_id: str) -> None:
    assert gateway.ask("GET", f"/tasks/{task_id}").status_code == 404


def test_an_unknown_task_older_than_a_results_life_is_gone(gateway: Gateway) -> None:
    answer = gateway.ask("GET", "/tasks/01890a5d-ac96-774b-bcce-b302099a8057")
    assert answer.status_code == 410
    assert "sigmak.risks.v1" in _problem(answer)["detail"]


def test_a_body_that_announces_more_than_the_limit_is_refused_before_it_is_sent(gateway: Gateway) -> None:
    head = (
        f"POST /analyze HTTP/1.1\r\nHost: x\r\nX-API-Key: {gateway.key}\r\n"
        "Content-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n"
    )
    port = int(gateway.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(head.encode())
        assert connection.recv(64).startswith(b"HTTP/1.1 413")


def test_a_body_that_does_not_announce_its_size_is_refused_at_the_limit(gateway: Gateway) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(2000):
            yield b"x" * 1_000_000

    try:
        answer = gateway.ask("POST", "/analyze", content=endless(), timeout=60)
    except httpx.WriteError:  # the gateway closed the connection while the body was still being sent
        return
    assert answer.status_code == 413


def test_a_document_over_the_limit_is_refused(gateway: Gateway) -> None:
    answer = gateway.post(html_content="x" * (50 * 1024 * 1024 + 1))
    assert answer.status_code == 413
    assert _problem(answer)["type"] == "urn:sigmak:problem:document_too_large"


def test_a_document_that_does_not_compress_below_the_lanes_limit_is_refused_and_leaves_no_task(
    gateway: Gateway, system: System
) -> None:
    before = {each.key() for each in records(system.kafka, TASKS)}
    answer = gateway.post(html_content=os.urandom(17 * 1024 * 1024).hex())
    assert answer.status_code == 413
    assert _problem(answer)["type"] == "urn:sigmak:problem:document_too_large"
    left = [each for each in records(system.kafka, TASKS) if each.key() not in before]
    assert left
    assert left[-1].value() is None
    assert gateway.post().status_code == 202


def test_a_path_below_an_allowed_folder_is_accepted_whether_or_not_it_exists(gateway: Gateway, roots: Path) -> None:
    (roots / "there.html").write_text("x")
    assert gateway.post(html_path=str(roots / "there.html")).status_code == 202
    assert gateway.post(html_path=str(roots / "nowhere" / "missing.html")).status_code == 202


def test_a_path_that_leads_out_is_refused_alike_whether_or_not_it_exists(gateway: Gateway, roots: Path) -> None:
    (roots / "link").symlink_to("/etc")
    (roots / "dangling").symlink_to("/nowhere")
    paths = [
        "/etc/passwd", "/nowhere/at/all", f"{roots}/../x", f"{roots}/link/passwd", f"{roots}/link/missing",
        f"{roots}/dangling", "relative.html", str(roots),
    ]  # fmt: skip
    answers = [gateway.post(html_path=path) for path in paths]
    assert {answer.status_code for answer in answers} == {422}
    assert len({answer.text for answer in answers}) == 1
    assert _problem(answers[0])["errors"][0]["field"] == "html_path"


def test_probes_need_no_key(gateway: Gateway) -> None:
    assert gateway.ask_without_key("/live").json() == {"status": "alive"}
    assert gateway.ask_without_key("/ready").json() == {"status": "ready", "reasons": []}
    health = gateway.ask_without_key("/health").json()
    assert health == {"status": "ok", "parts": {"kafka": "ok", "topics": "ok", "status_table": "ok", "api_keys": "ok"}}


def test_the_log_holds_neither_keys_nor_documents(gateway: Gateway) -> None:
    gateway.submit(html_content="unmistakable-document-text")
    log = gateway.process.log.read_text()
    assert gateway.key not in log
    assert "unmistakable-document-text" not in log


def test_a_gateway_shows_what_it_accepted_and_how_far_its_table_is(system: System) -> None:
    gateway = system.gateway()
    task_id = gateway.submit()
    eventually(lambda: gateway.status(task_id), within=10, what="the status")
    shown = gateway.ask_without_key("/metrics").text
    assert 'sigmak_filings_accepted_total{priority="normal"} 1.0' in shown
    assert "sigmak_status_table_lag 0.0" in shown
    assert "sigmak_producer_queue_events 0.0" in shown
    assert task_id not in shown
