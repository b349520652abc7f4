"""Records the examples of the API's description from a running system: `python -m tests.system.record_examples`.

They go into gateway/api_examples.json. Run it again when an answer changes its shape; a test tells.
"""

import gzip
import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from gateway.keys import KeyLimits, add_key, revoke_key
from gateway.limits import Limits
from gateway.open_streams import OpenStreams
from gateway.problems import Problem
from ops.local.kafka import LocalKafka
from schemas.topics import catalogue
from tests.conftest import PARTITIONS
from tests.system.parts import Gateway, System
from tests.unit.examples import an_api_key
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
    tight = system.gateway(max_body_bytes=_ROOM, max_bodies_bytes=_ROOM)
    eventually(lambda: _answers(without_kafka), within=30, what="the gateway without Kafka answers")
    request = {"ticker": "KLMF", "filing_year": 2024, "retrieve_top_k": 1, "html_content": _DOCUMENT}
    cancelling, statuses = _cancelled_batch(gateway), _statuses(system)
    batches = _batches(system.gateway())
    ended_batch = batches["batch"]["batch_id"]
    return {
        "analyze": request,
        "index": {"ticker": "KLMF", "filing_year": 2023, "html_content": _DOCUMENT},
        "accepted": gateway.ask("POST", "/analyze", json=request).json(),
        **batches,
        "batch_cancelling": cancelling,
        "statuses": statuses,
        "ready": gateway.ask("GET", "/ready").json(),
        "not_ready": without_kafka.ask("GET", "/ready").json(),
        "health": gateway.ask("GET", "/health").json(),
        "problems": dict(sorted(_problems(system, gateway, tight, without_kafka, ended_batch))),
    }


def _answers(gateway: Gateway) -> bool:
    try:
        return gateway.ask("GET", "/live").is_success
    except httpx.TransportError:
        return False


def _statuses(system: System) -> dict[str, Any]:
    gateway = system.gateway()
    pending = gateway.status(gateway.submit(ticker="KLMF"))
    system.worker("real")
    earlier, later = ((_FILINGS / f"KLMF_{year}.html").read_text() for year in (2023, 2024))
    indexed = gateway.ask("POST", "/index", json={"ticker": "KLMF", "filing_year": 2023, "html_content": earlier})
    gateway.ended(indexed.json()["task_id"], within=120)
    body = {"ticker": "KLMF", "filing_year": 2024, "html_content": later, "retrieve_top_k": 1}
    task_id = gateway.submit(**body)
    success = gateway.ended(task_id, within=120)
    failure = gateway.ended(gateway.submit(html_content="<p>A letter.</p>"), within=120)
    assert (pending["status"], success["status"], failure["status"]) == ("PENDING", "SUCCESS", "FAILURE")
    return {"pending": pending, "success": success, "failure": failure}


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
    ended = eventually(lambda: _ended_batch(gateway, accepted["batch_id"]), within=120, what="the end of the batch")
    return {"batch_accepted": accepted, "batch": ended}


def _ended_batch(gateway: Gateway, batch_id: str) -> dict[str, Any] | None:
    found: dict[str, Any] = gateway.ask("GET", f"/batches/{batch_id}").json()
    return found if found["status"] == "ENDED" else None


def _problems(
    system: System, gateway: Gateway, tight: Gateway, without_kafka: Gateway, ended_batch: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    def key(**changes: Any) -> str:
        limits = KeyLimits.model_validate(changes.pop("limits", {}))
        return add_key(system.keys, "example", limits=limits, **changes)[1]

    def html(content: bytes, **headers: str) -> dict[str, Any]:
        params = {"ticker": "KLMF", "filing_year": 2024}
        return {"content": content, "params": params, "headers": {"Content-Type": "text/html", **headers}}

    once, waiting = key(limits={"submissions_per_minute": 1}), key(limits={"waiting_tasks": 1})
    record, revoked = add_key(system.keys, "example")
    revoke_key(system.keys, record.id)
    packed = gzip.compress(b"x" * (_ROOM - 10))
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
        gateway.post(key=key(limits={"max_body_bytes": 2000}), html_content="x" * 2000),
        gateway.post(html_content="x" * (_ROOM + 1)),
        gateway.ask("POST", "/analyze", content=b"x", headers={"Content-Type": "application/pdf"}),
        gateway.ask("POST", "/analyze", **html(b"x", **{"Content-Encoding": "br"})),
        gateway.ask("POST", "/analyze", **html(b"\xe9", **{"Content-Type": "text/html; charset=nonsense"})),
        gateway.post(ticker="klmf"),
        gateway.ask("GET", "/batches/x"),
        gateway.ask("GET", f"/batches/{_LONG_AGO}"),
        gateway.ask("DELETE", f"/batches/{ended_batch}"),
        *[gateway.post(key=once) for _ in range(2)][1:],
        *[gateway.post(key=waiting) for _ in range(2)][1:],
        without_kafka.post(),
        tight.ask("POST", "/analyze", **html(packed, **{"Content-Encoding": "gzip"})),
    ]
    for answer in answers:
        document = answer.json()
        yield document["type"].removeprefix("urn:sigmak:problem:"), document
    yield "too_many_streams", _too_many_streams()


def _too_many_streams() -> dict[str, Any]:
    streams, limits = OpenStreams(), Limits(None, 1024, 1, None)
    with streams.one_more(an_api_key(), limits):
        try:
            with streams.one_more(an_api_key(), limits):
                raise AssertionError("a second stream was opened")
        except Problem as problem:
            return dict(json.loads(bytes(problem.response().body)))


if __name__ == "__main__":
    main()
