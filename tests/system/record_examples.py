"""Records the examples of the API's description from a running system: `python -m tests.system.record_examples`.

They go into gateway/api_examples.json. Run it again when an answer changes its shape; a test tells.
"""

import json
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx

from gateway.keys import KeyLimits, add_key, revoke_key
from ops.local.kafka import LocalKafka
from schemas.topics import catalogue
from tests.conftest import PARTITIONS
from tests.system.parts import Gateway, System
from tests.waiting import eventually
from transport.connection import KafkaConnection
from transport.topics import TopicAdmin

_ROOT = Path(__file__).parents[2]
_FILE = _ROOT / "gateway" / "api_examples.json"
_FILINGS = _ROOT / "ops" / "demo" / "filings"
_DOCUMENT = (
    "<html><body><p>Item 1A. Risk Factors</p><p>A fire at our only plant would stop our deliveries.</p></body></html>"
)
_ROOM = 100_000
_LABELS = {"desk": "credit"}
_LONG_AGO = "01890a5d-ac96-774b-bcce-b302099a8057"


def main() -> None:
    """Start the system, ask it everything, write the file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kafka = LocalKafka(folder / "kafka")
        kafka.start()
        system = System(kafka.bootstrap_servers, folder, folder)
        try:
            TopicAdmin(KafkaConnection(kafka.bootstrap_servers)).apply(catalogue(partitions=PARTITIONS))
            examples = _record(system)
        finally:
            system.stop()
            kafka.stop()
    _FILE.write_text(json.dumps(examples, indent=2, ensure_ascii=False) + "\n")


def _record(system: System) -> dict[str, Any]:
    without_kafka = system.starting_gateway(kafka_bootstrap_servers="127.0.0.1:1")
    gateway = system.gateway(max_document_bytes=_ROOM)
    tight = system.gateway(
        max_body_bytes=_ROOM, max_bodies_bytes=3 * _ROOM, max_batch_bytes=2 * _ROOM, cancellations_per_minute=1
    )
    eventually(lambda: _answers(without_kafka), within=30, what="the gateway without Kafka answers")
    # Before there is a worker: what must wait does.
    problems = dict(_problems(system, gateway, tight, without_kafka))
    cancelling = _cancelled_batch(gateway)
    body = {"ticker": "KLMF", "filing_year": 2024, "retrieve_top_k": 1, "html_content": _DOCUMENT, "labels": _LABELS}
    request = {
        "analyze": body,
        "index": {"ticker": "KLMF", "filing_year": 2023, "html_content": _DOCUMENT},
        "accepted": gateway.ask("POST", "/analyze", json=body).json(),
    }
    tasks = _tasks(system)
    problems["task_ended"] = tasks.pop("task_ended")
    batches = _batches(system.gateway())
    problems["batch_ended"] = batches.pop("batch_ended")
    return {
        **request,
        **batches,
        "batch_cancelling": cancelling,
        **tasks,
        "ready": gateway.ask("GET", "/ready").json(),
        "not_ready": without_kafka.ask("GET", "/ready").json(),
        "health": gateway.ask("GET", "/health").json(),
        "problems": dict(sorted(problems.items())),
    }


def _answers(gateway: Gateway) -> bool:
    try:
        return gateway.ask("GET", "/live").is_success
    except httpx.TransportError:
        return False


def _tasks(system: System) -> dict[str, Any]:
    """What is told of tasks, from their beginning to their end."""
    gateway = system.gateway()
    waiting = gateway.submit(ticker="KLMF")
    pending = gateway.status(waiting)
    with ThreadPoolExecutor(1) as listening:
        events = listening.submit(gateway.ask, "GET", f"/tasks/{waiting}/events", timeout=120)
        cancelling = gateway.ask("DELETE", f"/tasks/{waiting}").json()
        system.worker("real")
    cancelled = gateway.status(waiting)
    earlier, later = ((_FILINGS / f"KLMF_{year}.html").read_text() for year in (2023, 2024))
    indexed = gateway.ask("POST", "/index", json={"ticker": "KLMF", "filing_year": 2023, "html_content": earlier})
    gateway.ended(indexed.json()["task_id"], within=120)
    body = {"ticker": "KLMF", "filing_year": 2024, "html_content": later, "retrieve_top_k": 1, "labels": _LABELS}
    task_id = gateway.submit(**body)
    success = gateway.ended(task_id, within=120)
    failure = gateway.ended(gateway.submit(html_content="<p>A letter.</p>"), within=120)
    statuses = {"pending": pending, "success": success, "failure": failure, "cancelled": cancelled}
    assert [each["status"].lower() for each in statuses.values()] == [*statuses]
    return {
        "statuses": statuses,
        "cancelling": cancelling,
        "tasks": gateway.ask("GET", "/tasks", params={"limit": 2}).json(),
        "events": events.result().text,
        "task_ended": gateway.ask("DELETE", f"/tasks/{task_id}").json(),
    }


def _cancelled_batch(gateway: Gateway) -> dict[str, Any]:
    """What is told to who cancels a batch, while no worker is there yet."""
    filings = [{"ticker": "KLMF", "filing_year": year, "html_content": _DOCUMENT} for year in (2023, 2024)]
    batch_id = gateway.ask("POST", "/batches", json={"filings": filings}).json()["batch_id"]
    return dict(gateway.ask("DELETE", f"/batches/{batch_id}").json())


def _batches(gateway: Gateway) -> dict[str, Any]:
    """What is told of a batch, while a real worker is at work."""
    later = (_FILINGS / "KLMF_2024.html").read_text()
    wanted = [("KLMF", later), ("KLMF", "<p>A letter.</p>"), ("klmf", later)]
    filings = [{"ticker": ticker, "filing_year": 2024, "html_content": document} for ticker, document in wanted]
    accepted = gateway.ask("POST", "/batches", json={"filings": filings}).json()
    place = f"/batches/{accepted['batch_id']}"
    events = gateway.ask("GET", f"{place}/events", timeout=120).text
    return {
        "batch_accepted": accepted,
        "batch": gateway.ask("GET", place).json(),
        "batch_events": events,
        "batch_ended": gateway.ask("DELETE", place).json(),
    }


def _problems(
    system: System, gateway: Gateway, tight: Gateway, without_kafka: Gateway
) -> Iterator[tuple[str, dict[str, Any]]]:
    def key(**changes: Any) -> str:
        limits = KeyLimits.model_validate(changes.pop("limits", {}))
        return add_key(system.keys, "example", limits=limits, **changes)[1]

    def html(content: bytes, **headers: str) -> dict[str, Any]:
        params = {"ticker": "KLMF", "filing_year": 2024}
        return {"content": content, "params": params, "headers": {"Content-Type": "text/html", **headers}}

    def keyed(name: str, **body: Any) -> httpx.Response:
        content = {"ticker": "KLMF", "filing_year": 2024, "html_content": _DOCUMENT, **body}
        return gateway.ask("POST", "/analyze", json=content, headers={"Idempotency-Key": name})

    once, waiting = key(limits={"submissions_per_minute": 1}), key(limits={"waiting_tasks": 1})
    record, revoked = add_key(system.keys, "example")
    revoke_key(system.keys, record.id)
    answers = [
        gateway.ask("GET", "/tasks/x", key=""),
        gateway.ask("GET", "/tasks/x", key=key(expires_at=datetime.now(UTC) - timedelta(days=1))),
        gateway.ask("GET", "/tasks/x", key=revoked),
        gateway.post(key=key(scopes=frozenset({"read"}))),
        gateway.post(priority="high"),
        gateway.ask("GET", "/tasks/x"),
        gateway.ask("GET", f"/tasks/{_LONG_AGO}"),
        gateway.ask("POST", "/analyze", content=b"{"),
        gateway.ask("POST", "/analyze", **html(b"not packed", **{"Content-Encoding": "gzip"})),
        _half_a_body(system.gateway(body_timeout=0.5)),
        gateway.post(key=key(limits={"max_body_bytes": 2000}), html_content="x" * 2000),
        gateway.post(html_content="x" * (_ROOM + 1)),
        gateway.ask("POST", "/analyze", content=b"x", headers={"Content-Type": "application/pdf"}),
        gateway.ask("POST", "/analyze", **html(b"x", **{"Content-Encoding": "br"})),
        gateway.ask("POST", "/analyze", **html(b"\xe9", **{"Content-Type": "text/html; charset=nonsense"})),
        gateway.post(ticker="klmf"),
        gateway.ask("GET", "/batches/x"),
        gateway.ask("GET", f"/batches/{_LONG_AGO}"),
        keyed("two words"),
        *[keyed("one", filing_year=year) for year in (2023, 2024)][1:],
        *[gateway.post(key=once) for _ in range(2)][1:],
        *[gateway.post(key=waiting) for _ in range(2)][1:],
        without_kafka.post(),
        _one_body_too_many(tight),
        _one_cancellation_too_many(tight),
        _one_stream_too_many(gateway, key(limits={"open_streams": 1})),
    ]
    for answer in answers:
        document = answer.json()
        yield document["type"].removeprefix("urn:sigmak:problem:"), document


def _half_a_body(gateway: Gateway) -> httpx.Response:
    connection = HTTPConnection(gateway.url.removeprefix("http://"))
    connection.request("POST", "/analyze", b"{", {"X-API-Key": gateway.key, "Content-Length": "2"})
    answer = connection.getresponse()
    return httpx.Response(answer.status, content=answer.read())


def _one_body_too_many(gateway: Gateway) -> httpx.Response:
    """What is told to a key whose share of the room is full."""
    connection = HTTPConnection(gateway.url.removeprefix("http://"))
    headers = {"X-API-Key": gateway.key, "Content-Length": str(_ROOM - 1)}
    connection.request("POST", "/analyze", b" " * (_ROOM - 10), headers)
    try:
        return eventually(
            lambda: answer if (answer := gateway.post(html_content="x" * 1000)).status_code == 503 else None,
            within=10,
            what="the first body fills the share",
        )
    finally:
        connection.close()


def _one_cancellation_too_many(gateway: Gateway) -> httpx.Response:
    tasks = [gateway.submit(ticker="KLMF") for _ in range(2)]
    return [gateway.ask("DELETE", f"/tasks/{task_id}") for task_id in tasks][1]


def _one_stream_too_many(gateway: Gateway, key: str) -> httpx.Response:
    path = f"/tasks/{gateway.post(key=key).json()['task_id']}/events"
    with httpx.stream("GET", gateway.url + path, headers={"X-API-Key": key}):
        return gateway.ask("GET", path, key=key)


if __name__ == "__main__":
    main()
