"""Tasks followed from outside: listed, streamed and waited for at one gateway, submitted at another."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gateway.keys import add_key
from ops.local.process import Launch
from schemas.risks import RiskAssessment
from schemas.topics import RISKS
from tests.system.event_reader import EventReader
from tests.system.parts import Gateway, System, header, records
from tests.waiting import eventually

LABELS = {"desk": "credit", "batch": "a:b"}


@pytest.fixture(scope="module")
def system(kafka: str, analyses: Any, launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    running = System(kafka, tmp_path_factory.mktemp("system"), analyses, launch)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def gateway(system: System) -> Gateway:
    return system.gateway()


@pytest.fixture(scope="module")
def other(system: System, gateway: Gateway) -> Gateway:
    """Another gateway, asked with the same key."""
    started = system.gateway()
    return Gateway(started.process, started.url, gateway.key, started.folder)


@pytest.fixture(scope="module")
def _worker(system: System) -> None:
    system.worker("scripted")


# Listing


def _listed(gateway: Gateway, *, key: str | None = None, **query: Any) -> list[dict[str, Any]]:
    answer = gateway.ask("GET", "/tasks", key=key, params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["tasks"])


def test_a_task_that_one_gateway_accepted_is_listed_by_another_at_once(gateway: Gateway, other: Gateway) -> None:
    for _ in range(50):
        task_id = gateway.submit(ticker="LIST")
        assert _listed(other, ticker="LIST", limit=1)[0]["task_id"] == task_id


def test_a_key_lists_its_own_tasks_and_one_that_may_read_all_those_of_others(gateway: Gateway, system: System) -> None:
    mine = gateway.submit(labels={"whose": "mine"})
    _, stranger = add_key(system.keys, "stranger")
    _, auditor = add_key(system.keys, "auditor", scopes=frozenset({"read", "read:all"}))
    assert _listed(gateway, label="whose:mine")[0]["task_id"] == mine
    assert _listed(gateway, key=stranger) == []
    assert _listed(gateway, key=auditor) == []
    assert _listed(gateway, key=auditor, owner="all", label="whose:mine")[0]["task_id"] == mine
    assert gateway.ask("GET", "/tasks", params={"owner": "all"}).status_code == 403
    assert gateway.ask("GET", "/tasks", key="sigmak_wrong").status_code == 401


def test_pages_lead_through_all_tasks(gateway: Gateway, other: Gateway) -> None:
    told = [gateway.submit(ticker="PAGES") for _ in range(5)]
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = other.ask("GET", "/tasks", params={"ticker": "PAGES", "limit": "2", **cursor}).json()
        found += [task["task_id"] for task in page["tasks"]]
        if page["cursor"] is None:
            break
        cursor = {"cursor": page["cursor"]}
    assert found == told[::-1]


@pytest.mark.parametrize(
    ("field", "query"),
    [
        ("cursor", {"cursor": "garbage"}),
        ("limit", {"limit": 0}),
        ("limit", {"limit": 101}),
        ("status", {"status": "LOST"}),
        ("ticker", {"ticker": "lower"}),
        ("label", {"label": "no colon"}),
        ("submitted_after", {"submitted_after": "2026-01-01T00:00:00"}),
        ("submitted_before", {"submitted_before": "0.5"}),
        ("owner", {"owner": "somebody"}),
        ("unknown", {"unknown": 1}),
    ],
)
def test_a_parameter_of_a_listing_at_fault_is_named(gateway: Gateway, field: str, query: dict[str, Any]) -> None:
    answer = gateway.ask("GET", "/tasks", params=query)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert [error["field"] for error in answer.json()["errors"]] == [field]


# Live progress


@pytest.mark.usefixtures("_worker")
def test_a_task_is_streamed_by_another_gateway_up_to_its_end_with_its_labels(
    gateway: Gateway, other: Gateway, system: System
) -> None:
    name = "hold-streamed"
    task_id = gateway.submit(html_content=name, labels=LABELS)
    stream = EventReader(other, f"/tasks/{task_id}/events")
    assert stream.began.wait(20)
    assert eventually(lambda: system.executions(name), within=30, what="the filing was begun")
    (system.analyses / f"{name}.go").touch()
    assert stream.over.wait(30)
    ids = [[*map(int, each.split("."))] for each, _, _ in stream.events]
    assert ids == sorted(ids)
    assert len(ids) == len({(attempt, step) for attempt, step in ids})
    # The worker may have begun it before the stream was open.
    assert stream.names()[0] in ("PENDING", "PROGRESS")
    assert "PROGRESS" in stream.names()
    assert stream.names()[-1] == "SUCCESS"
    end = stream.events[-1][2]
    assert end == other.status(task_id)
    assert {str(status["labels"]) for _, _, status in stream.events} == {str(LABELS)}
    assert end["result"]["labels"] == LABELS
    [assessment] = [each for each in records(system.kafka, RISKS) if header(each, "ce_id") == task_id]
    assert RiskAssessment.model_validate_json(assessment.value() or b"").labels == LABELS
    [listed] = _listed(other, status="SUCCESS", label=["desk:credit", "batch:a:b"])
    assert listed == {**end, "result": None}
    again = other.ask("GET", f"/tasks/{task_id}/events", headers={"Last-Event-ID": "1.7"})
    assert again.status_code == 204
    assert EventReader(other, f"/tasks/{task_id}/events", **{"Last-Event-ID": "1.3"}).over.wait(20)


@pytest.mark.usefixtures("_worker")
def test_who_waits_is_answered_at_the_end_of_the_task_or_when_the_time_is_up(
    gateway: Gateway, other: Gateway, system: System
) -> None:
    name = "hold-waited"
    task_id = gateway.submit(html_content=name)
    answer = other.ask("GET", f"/tasks/{task_id}", params={"wait": "0.2"})
    assert answer.json()["status"] in ("PENDING", "PROGRESS")
    assert answer.headers["retry-after"] == "1"
    with ThreadPoolExecutor(1) as asking:
        waiting = asking.submit(other.ask, "GET", f"/tasks/{task_id}", params={"wait": 60}, timeout=70)
        eventually(lambda: system.executions(name), within=30, what="the filing was begun")
        assert not waiting.done()
        (system.analyses / f"{name}.go").touch()
        assert waiting.result(30).json()["status"] == "SUCCESS"
    assert other.ask("GET", f"/tasks/{task_id}", params={"wait": 61}).status_code == 422


def test_a_stream_is_refused_as_a_status_is(gateway: Gateway, system: System) -> None:
    task_id = gateway.submit()
    _, stranger = add_key(system.keys, "stranger")
    assert gateway.ask("GET", f"/tasks/{task_id}/events", key=stranger).status_code == 404
    assert gateway.ask("GET", f"/tasks/{task_id}/events", key="").status_code == 401
    assert gateway.ask("GET", "/tasks/01890a5d-ac96-774b-bcce-b302099a8057/events").status_code == 410


def test_a_gateway_that_is_stopped_lets_those_go_who_follow_a_task(system: System) -> None:
    gateway = system.gateway(heartbeat_seconds=0.1)
    name = "hold-stopped"
    try:
        stream = EventReader(gateway, f"/tasks/{gateway.submit(ticker='WAITS', html_content=name)}/events")
        eventually(lambda: stream.comments > 2, within=20, what="heartbeats")
        gateway.process.terminate()
        assert stream.over.wait(5)  # for connections that stay open it would wait for 10
        assert gateway.process.ended_within(5)
    finally:
        (system.analyses / f"{name}.go").touch()
