"""POST /batches: which filings are taken, and what the answer says of each."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gateway import problems
from gateway.admission import Admission
from gateway.batches.batch_publisher import BatchPublisher, member_id
from gateway.bodies_in_hand import BodiesInHand
from gateway.callbacks import Callbacks
from gateway.idempotency.fingerprints import batch_hash_in_thread
from gateway.idempotency.submissions import KeyedSubmissions
from gateway.keys import add_key
from gateway.known_keys import KnownKeys
from gateway.metrics import GatewayMetrics
from gateway.publisher import FilingPublisher
from gateway.routes import batch_submissions
from gateway.settings import GatewaySettings
from schemas.batches import BatchStatus
from schemas.topics import BATCHES, FILINGS, TASKS
from tests.unit.examples import NOON
from tests.unit.fake_publisher import FakePublisher
from tests.unit.gateway.idempotency.fake_claims import FakeClaims
from tests.unit.status_table.own_table import OwnTable
from transport.allowed_receivers import AllowedReceivers
from transport.documents import DocumentFolders
from transport.publisher import KafkaAway
from transport.webhook_secrets import WebhookSecrets, make_secret

FILING = {"ticker": "ACME", "filing_year": 2024, "html_content": "<p>a filing</p>"}
BAD = {"ticker": "acme", "filing_year": 2024, "html_content": "<p>a filing</p>"}


class Gateway:
    """The route with real keys, and a publisher that is ours."""

    def __init__(self, folder: Path) -> None:
        self.kafka, self.table = FakePublisher(), OwnTable(folder / "table")
        keys = folder / "keys.json"
        owner, self.key = add_key(keys, "owner")
        settings = GatewaySettings(
            api_keys_file=keys,
            max_document_bytes=1024,
            max_batch_bytes=10_000,
            submissions_per_minute=8,
            trusted_hosts=("gateway",),
        )
        publisher = BatchPublisher(FilingPublisher(self.kafka, 5), 5)
        self._app = FastAPI()
        problems.register(self._app)
        self._app.include_router(batch_submissions.router)
        state = self._app.state
        state.settings, state.keys, state.metrics = settings, KnownKeys(keys), GatewayMetrics()
        state.documents, state.batch_publisher = DocumentFolders([folder]), publisher
        state.keyed_batches = KeyedSubmissions(publisher, FakeClaims(self.kafka), batch_hash_in_thread, lambda: NOON)
        state.callbacks = Callbacks(AllowedReceivers(()), WebhookSecrets(folder / "secrets.json"))
        make_secret(folder / "secrets.json", owner.id, now=datetime.now(UTC))
        state.admission, self.bodies = Admission(self.table), BodiesInHand(100_000)
        state.bodies = self.bodies

    def wait_for_bodies(self, seconds: float) -> None:
        """Have each part of a body come within this time."""
        settings: GatewaySettings = self._app.state.settings
        self._app.state.settings = settings.model_copy(update={"body_timeout": seconds})

    async def post(self, *filings: object, headers: dict[str, str] | None = None, **more: object) -> httpx.Response:
        """Send a batch."""
        return await self.send(json.dumps({"filings": filings, **more}), headers)

    async def send(self, content: str | AsyncIterator[bytes], headers: dict[str, str] | None = None) -> httpx.Response:
        """Send any body."""
        transport = httpx.ASGITransport(self._app)
        sent = {"X-API-Key": self.key, "Content-Type": "application/json", **(headers or {})}
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            return await client.post("/batches", content=content, headers=sent)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    made = Gateway(tmp_path)
    yield made
    made.table.close()


def _problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("urn:sigmak:problem:")


def _on_lane(gateway: Gateway) -> list[str]:
    return [message.event.id for message in gateway.kafka.on(FILINGS) if message.event is not None]


async def test_the_answer_has_the_batch_and_its_tasks_in_order_when_all_is_on_kafka(gateway: Gateway) -> None:
    answer = await gateway.post(FILING, {**FILING, "ticker": "OTHER"})
    body = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == body["status_url"] == f"http://gateway/batches/{body['batch_id']}"
    assert body["task_ids"] == _on_lane(gateway) == [member_id(body["batch_id"], index) for index in range(2)]
    assert body["refused"] == []
    assert gateway.bodies.taken == 0


async def test_a_filing_that_is_not_valid_is_refused_alone_with_its_place_and_reason(
    gateway: Gateway, tmp_path: Path
) -> None:
    outside, high = {**FILING, "html_path": str(tmp_path.parent / "x")}, {**FILING, "priority": "high"}
    del outside["html_content"]
    large = {**FILING, "html_content": "x" * 1025}
    answer = await gateway.post(BAD, FILING, "no filing", outside, high, large, FILING)
    body = answer.json()
    assert answer.status_code == 202
    assert [index for index, task_id in enumerate(body["task_ids"]) if task_id] == [1, 6]
    assert [(each["index"], each["type"]) for each in body["refused"]] == [
        (0, "invalid_request"), (2, "invalid_request"), (3, "invalid_request"), (4, "tier_too_low"),
        (5, "document_too_large"),
    ]  # fmt: skip
    assert [error["field"] for error in body["refused"][0]["errors"]] == ["ticker"]
    assert _on_lane(gateway) == [member_id(body["batch_id"], index) for index in (1, 6)]


@pytest.mark.parametrize(("filings", "atomic"), [([FILING, BAD], True), ([BAD, BAD], False)])
async def test_all_are_refused_where_they_are_wanted_together_or_none_is_left(
    gateway: Gateway, filings: list[Any], atomic: bool
) -> None:
    answer = await gateway.post(*filings, atomic=atomic)
    assert _problem(answer) == (422, "invalid_request")
    assert "filings.1.ticker" in [error["field"] for error in answer.json()["errors"]]
    assert gateway.kafka.asked == []


@pytest.mark.parametrize(
    ("content", "status", "type_"),
    [
        ("{", 400, "not_json"),
        ('{"filings": [{]}', 400, "not_json"),
        ('{"filings": [{"ticker": ]}', 400, "not_json"),
        ("{}", 422, "invalid_request"),
        ('{"filings": {}}', 422, "invalid_request"),
        ('{"filings": []}', 422, "invalid_request"),
        ('{"filings": [' + ",".join(["1"] * 501) + "]}", 422, "invalid_request"),
        ('{"filings": [1], "more": 1}', 422, "invalid_request"),
        (json.dumps({"filings": [FILING], "atomic": 0}), 422, "invalid_request"),
        ('"' + "x" * 10_000 + '"', 413, "body_too_large"),
    ],
)
async def test_what_is_no_batch_is_refused(gateway: Gateway, content: str, status: int, type_: str) -> None:
    assert _problem(await gateway.send(content)) == (status, type_)
    assert gateway.bodies.taken == 0


async def test_a_batch_whose_sender_vanishes_gives_back_its_room_and_its_place(gateway: Gateway) -> None:
    gateway.wait_for_bodies(0.01)
    answer = await gateway.send(_broken_off())
    assert _problem(answer) == (408, "body_too_slow")
    assert answer.headers["ratelimit"].startswith('"submissions";r=8')
    assert gateway.bodies.taken == 0


async def _broken_off() -> AsyncIterator[bytes]:
    yield b'{"filings": ['
    await asyncio.Event().wait()


async def test_a_document_is_no_batch(gateway: Gateway) -> None:
    answer = await gateway.send("<p>a filing</p>", {"Content-Type": "text/html"})
    assert _problem(answer) == (415, "unsupported_media_type")
    assert answer.headers["accept"] == "application/json"


async def test_an_error_does_not_repeat_a_document(gateway: Gateway) -> None:
    answer = await gateway.post({**FILING, "filing_year": "the very document"}, FILING)
    assert "the very document" not in answer.text


async def test_where_kafka_fails_halfway_the_answer_names_what_it_took_and_the_key_completes_the_rest(
    gateway: Gateway,
) -> None:
    gateway.kafka.faults[FILINGS] = [None, KafkaAway("Kafka is away", outcome_known=True)]
    key = {"Idempotency-Key": "one"}
    broken = await gateway.post(FILING, FILING, FILING, headers=key)
    assert _problem(broken) == (503, "kafka_unavailable")
    batch_id = broken.json()["batch_id"]
    assert (broken.json()["accepted"], broken.json()["unknown"]) == ([member_id(batch_id, 0)], [])
    assert broken.headers["retry-after"]
    completed = await gateway.post(FILING, FILING, FILING, headers=key)
    assert (completed.status_code, completed.json()["batch_id"]) == (202, batch_id)
    assert set(_on_lane(gateway)) == set(completed.json()["task_ids"])
    again = await gateway.post(FILING, FILING, FILING, headers=key)
    assert (again.json(), again.headers["idempotent-replayed"]) == (completed.json(), "true")
    other = await gateway.post(FILING, headers=key)
    assert _problem(other) == (422, "idempotency_key_reused")


async def test_a_batch_that_kafka_takes_nothing_of_gives_its_places_back(gateway: Gateway) -> None:
    gateway.kafka.faults[TASKS] = [KafkaAway("Kafka is away", outcome_known=True)]
    answer = await gateway.post(*[FILING] * 8)
    assert _problem(answer) == (503, "kafka_unavailable")
    assert "batch_id" not in answer.json()
    assert (await gateway.post(*[FILING] * 8)).status_code == 202


async def test_where_its_end_is_told_goes_with_the_batch(gateway: Gateway) -> None:
    answer = await gateway.post(FILING, callback_url="https://example.com/hook")
    assert answer.status_code == 202
    [status] = [BatchStatus.model_validate_json(each.event.data) for each in gateway.kafka.on(BATCHES) if each.event]
    assert status.callback_url == "https://example.com/hook"


@pytest.mark.parametrize("url", ["http://127.0.0.1/hook", "https://user:pass@example.com/", "x"])
async def test_a_batch_whose_end_can_not_be_told_is_refused_as_a_whole(gateway: Gateway, url: str) -> None:
    answer = await gateway.post(FILING, callback_url=url)
    assert _problem(answer) == (422, "invalid_request")
    assert [error["field"] for error in answer.json()["errors"]] == ["callback_url"]
    assert gateway.kafka.asked == []


async def test_each_filing_counts_in_the_rate(gateway: Gateway) -> None:
    assert (await gateway.post(*[FILING] * 6)).status_code == 202
    answer = await gateway.post(FILING, FILING, FILING)
    assert _problem(answer) == (429, "rate_limited")
    assert answer.headers["ratelimit"].startswith('"submissions";r=1')
    assert (await gateway.post(FILING)).status_code == 202


async def test_a_batch_that_is_refused_costs_one_place_of_the_rate(gateway: Gateway) -> None:
    answer = await gateway.post(*[BAD] * 8)
    assert _problem(answer) == (422, "invalid_request")
    assert answer.headers["ratelimit"].startswith('"submissions";r=7')


@pytest.mark.parametrize("atomic", [True, False])
async def test_an_answer_names_the_first_twenty_errors_however_many_filings_are_refused(
    gateway: Gateway, atomic: bool
) -> None:
    garbage = [{"labels": {f"{label} ": 0 for label in range(9)}}] * 30
    answer = await gateway.post(FILING, *garbage, atomic=atomic)
    if atomic:
        assert len(answer.json()["errors"]) == 20
        assert len(answer.content) < 8_000
    else:
        assert sum(len(each["errors"]) for each in answer.json()["refused"]) == 20
        assert len(answer.json()["refused"]) == 30


@pytest.mark.parametrize(
    "member", ["[" + "{}," * 300 + "{}]", '{"labels":{' + '"a":"b",' * 200 + '"a":"b"}}', "1", "[[]]", '"x"']
)
async def test_a_member_of_garbage_is_refused_alone(gateway: Gateway, member: str) -> None:
    answer = await gateway.send(f'{{"filings":[{member},{json.dumps(FILING)}]}}')
    assert answer.status_code == 202
    assert [each["index"] for each in answer.json()["refused"]] == [0]


@pytest.mark.parametrize(
    "body", ['{"filings":[1],"filings":[2]}', '{"filings":[1],"x":[' + "{}," * 2_000 + "{}]}", '{"\\u0066ilings":[1]}']
)
async def test_a_body_without_one_list_of_filings_is_refused(gateway: Gateway, body: str) -> None:
    assert _problem(await gateway.send(body)) == (422, "invalid_request")
