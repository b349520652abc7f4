"""GET and DELETE /batches/{id}: who may read a batch and end it, and for how long."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import AnyHttpUrl

from gateway import problems
from gateway.batches.batch_rows import BatchRecord
from gateway.batches.batch_watching import BatchWatches
from gateway.cancellation_rate import CancellationRate
from gateway.canceller import Canceller
from gateway.keys import Scope, add_key
from gateway.known_keys import KnownKeys
from gateway.materialised.follower import TableBehind
from gateway.open_streams import OpenStreams
from gateway.routes import batch_events, batches
from gateway.settings import GatewaySettings
from schemas.batches import BatchStatus
from schemas.cancellations import Cancellation
from schemas.identifiers import new_task_id
from schemas.tasks import TaskState, TaskStatus
from schemas.topics import BATCHES, CANCELLATIONS, TASKS
from tests.unit.examples import NOON, a_status
from tests.unit.fake_publisher import FakePublisher
from tests.unit.gateway.batches.examples import a_batch
from tests.unit.gateway.batches.test_batch_rows import OwnBatches, read
from tests.unit.status_table.own_table import OwnTable, record
from transport.publisher import KafkaAway

LIFE = timedelta(hours=1)
ALL_ENDED = {TaskState.SUCCESS: 3}


class Gateway:
    """The route with real tables and real keys; the topic of batches is read when the follower is asked to catch up."""

    def __init__(self, folder: Path) -> None:
        self.batches, self.table = OwnBatches(folder / "batches"), OwnTable(folder / "table")
        self.behind: list[BatchRecord] = []
        self.away = False
        self._keys = folder / "keys.json"
        self.owner, self.key = self.new_key("owner", "read", "submit")
        self._app = FastAPI()
        problems.register(self._app)
        self._app.include_router(batches.router)
        self._app.include_router(batch_events.router)
        state = self._app.state
        state.batches, state.table, state.keys, state.follower = self.batches, self.table, KnownKeys(self._keys), self
        state.batch_watches = BatchWatches(
            self.batches, self.table, batch_news=self.batches.news, task_news=self.table.news
        )
        state.open_streams = OpenStreams()
        state.settings = GatewaySettings(
            api_keys_file=self._keys, result_ttl=LIFE, open_streams=1, public_url=AnyHttpUrl("http://gateway")
        )
        self.kafka = FakePublisher()
        state.cancellation_rate = CancellationRate(1000)
        state.canceller = Canceller(self.kafka, 0.2, lambda: NOON)

    has_caught_up = True

    async def catch_up(self, topic: str) -> None:
        """As the follower does."""
        assert topic in (BATCHES, TASKS)
        if self.away:
            raise TableBehind("Kafka is away")
        self.batches.apply(self.behind)

    def new_key(self, name: str, *scopes: Scope) -> tuple[str, str]:
        """A further key's id and secret."""
        added, secret = add_key(self._keys, name, scopes=frozenset(scopes))
        return added.id, secret

    def batch(self, *, ended_ago: timedelta = timedelta(0), **changes: Any) -> BatchStatus:
        """A batch of the owner, which stands on the topic."""
        status = a_batch(new_task_id(), **changes)
        self.behind.append(read(status, self.owner, datetime.now(UTC) - ended_ago))
        return status

    async def get(self, batch_id: str, key: str | None = None) -> httpx.Response:
        """Ask for a batch."""
        return await self._ask("GET", batch_id, key)

    async def events(self, batch_id: str, key: str | None = None, **headers: str) -> httpx.Response:
        """Follow a batch up to its end."""
        return await self._ask("GET", f"{batch_id}/events", key, **headers)

    async def delete(self, batch_id: str, key: str | None = None) -> httpx.Response:
        """Cancel a batch."""
        return await self._ask("DELETE", batch_id, key)

    def shows(self, *statuses: TaskStatus) -> None:
        """The status table has these."""
        self.table.apply([record(status, self.owner) for status in statuses], datetime.now(UTC))

    async def _ask(self, method: str, place: str, key: str | None, **headers: str) -> httpx.Response:
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            headers = {"X-API-Key": self.key if key is None else key, **headers}
            return await client.request(method, f"/batches/{place}", headers=headers)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    made = Gateway(tmp_path)
    yield made
    made.table.close()
    made.batches.close()


def _problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("urn:sigmak:problem:")


def _ids(status: BatchStatus) -> Sequence[str]:
    return [member.task_id for member in status.members]


async def test_an_open_batch_counts_its_members_where_they_are_and_says_when_to_ask_again(gateway: Gateway) -> None:
    status = gateway.batch()
    gateway.shows(a_status(TaskState.PROGRESS, task_id=_ids(status)[0]))
    answer = await gateway.get(status.batch_id)
    assert (answer.status_code, answer.headers["retry-after"]) == (200, "1")
    assert answer.json()["counts"] == {"PENDING": 2, "PROGRESS": 1}
    assert answer.json()["progress"] == {"current": 0, "total": 3}
    assert [member["task_id"] for member in answer.json()["members"]] == _ids(status)


async def test_an_ended_batch_is_told_for_as_long_as_a_result(gateway: Gateway) -> None:
    ended, past = gateway.batch(ended=ALL_ENDED), gateway.batch(ended=ALL_ENDED, ended_ago=2 * LIFE)
    answer = await gateway.get(ended.batch_id)
    assert (answer.status_code, answer.json()["status"]) == (200, "ENDED")
    assert "retry-after" not in answer.headers
    assert _problem(await gateway.get(past.batch_id)) == (410, "batch_expired")


async def test_who_waits_for_a_batch_is_answered_at_its_end_or_when_the_time_is_up(gateway: Gateway) -> None:
    batch = gateway.batch()
    answer = await gateway.get(f"{batch.batch_id}?wait=0.01")
    assert (answer.json()["status"], answer.headers["retry-after"]) == ("OPEN", "1")
    waiting = asyncio.create_task(gateway.get(f"{batch.batch_id}?wait=60"))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    gateway.batches.apply([read(a_batch(batch.batch_id, ended=ALL_ENDED), gateway.owner, datetime.now(UTC))])
    assert (await waiting).json()["status"] == "ENDED"
    assert _problem(await gateway.get(f"{batch.batch_id}?wait=61")) == (422, "invalid_request")


# Events


async def test_a_batch_that_has_ended_is_one_event_with_all_that_is_told_of_it(gateway: Gateway) -> None:
    batch = gateway.batch(ended=ALL_ENDED)
    answer = await gateway.events(batch.batch_id)
    assert answer.headers["content-type"].startswith("text/event-stream")
    [event] = answer.text.strip().split("\n\n")
    fields = dict(line.split(": ", 1) for line in event.split("\n"))
    assert fields["event"] == "ENDED"
    assert json.loads(fields["data"]) == (await gateway.get(batch.batch_id)).json()
    seen = {"Last-Event-ID": fields["id"]}
    assert (await gateway.events(batch.batch_id, **seen)).status_code == 204
    assert (await gateway.events(batch.batch_id, **{"Last-Event-ID": "1"})).status_code == 200


async def test_a_stream_is_refused_as_a_status_is(gateway: Gateway) -> None:
    batch, past = gateway.batch(), gateway.batch(ended=ALL_ENDED, ended_ago=2 * LIFE)
    _, other = gateway.new_key("other", "read", "read:all")
    _, submitter = gateway.new_key("submitter", "submit")
    assert _problem(await gateway.events(batch.batch_id, other)) == (404, "no_such_batch")
    assert _problem(await gateway.events(batch.batch_id, submitter)) == (403, "scope_missing")
    assert _problem(await gateway.events(past.batch_id)) == (410, "batch_expired")


async def test_an_open_stream_counts_for_its_key_until_it_ends(gateway: Gateway) -> None:
    batch = gateway.batch()
    following = asyncio.create_task(gateway.events(batch.batch_id))
    await asyncio.sleep(0.05)
    assert _problem(await gateway.events(batch.batch_id)) == (429, "too_many_streams")
    gateway.batches.apply([read(a_batch(batch.batch_id, ended=ALL_ENDED), gateway.owner, datetime.now(UTC))])
    assert (await following).status_code == 200
    assert (await gateway.events(batch.batch_id)).status_code == 200


# Who may read it


async def test_a_batch_is_its_owners_alone_also_where_a_key_reads_all_tasks(gateway: Gateway) -> None:
    status = gateway.batch()
    for name, scopes in {"other": ("read",), "auditor": ("read", "read:all")}.items():
        _, key = gateway.new_key(name, *scopes)  # type: ignore[arg-type]
        assert _problem(await gateway.get(status.batch_id, key)) == (404, "no_such_batch")
    _, submitter = gateway.new_key("submitter", "submit")
    assert _problem(await gateway.get(status.batch_id, submitter)) == (403, "scope_missing")


async def test_unknown_batches_are_not_found_and_old_ones_gone(gateway: Gateway) -> None:
    assert _problem(await gateway.get(new_task_id())) == (404, "no_such_batch")
    assert _problem(await gateway.get("no-batch")) == (404, "no_such_batch")
    assert _problem(await gateway.get("01890a5d-ac96-774b-bcce-b302099a8057")) == (410, "batch_expired")


async def test_what_can_not_be_told_without_kafka_is_not_said_to_be_missing(gateway: Gateway) -> None:
    gateway.away = True
    answer = await gateway.get(new_task_id())
    assert _problem(answer) == (503, "kafka_unavailable")
    assert answer.headers["retry-after"] == "2"


def _cancelled(gateway: Gateway) -> list[Cancellation]:
    events = [message.event for message in gateway.kafka.on(CANCELLATIONS) if message.event is not None]
    return [Cancellation.model_validate_json(event.data) for event in events]


async def test_what_has_not_ended_of_a_batch_is_cancelled_as_members_of_it(gateway: Gateway) -> None:
    batch = gateway.batch(count=4)
    first, second, third, _ = _ids(batch)
    gateway.shows(
        a_status(TaskState.SUCCESS, task_id=first),
        a_status(TaskState.PENDING, task_id=second, batch_id=batch.batch_id, labels={"team": "credit"}),
        a_status(TaskState.PROGRESS, task_id=third, batch_id=batch.batch_id),
    )
    answers = [await gateway.delete(batch.batch_id) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].headers["location"] == answers[0].json()["status_url"]
    wishes = _cancelled(gateway)
    assert {wish.task_id for wish in wishes} == {second, third}
    assert {wish.batch_id for wish in wishes} == {batch.batch_id}
    assert wishes[0].labels == {"team": "credit"}
    assert len({message.event.id for message in gateway.kafka.on(CANCELLATIONS) if message.event}) == 2


async def test_a_batch_of_which_all_have_ended_can_not_be_cancelled(gateway: Gateway) -> None:
    batch = gateway.batch()
    gateway.shows(*[a_status(TaskState.SUCCESS, task_id=task_id) for task_id in _ids(batch)])
    assert _problem(await gateway.delete(batch.batch_id)) == (409, "batch_ended")
    assert gateway.kafka.asked == []


async def test_only_its_owner_may_cancel_a_batch(gateway: Gateway) -> None:
    batch = gateway.batch()
    _, other = gateway.new_key("other", "submit", "read", "read:all")
    _, reader = gateway.new_key("reader", "read")
    assert _problem(await gateway.delete(batch.batch_id, other)) == (404, "no_such_batch")
    assert _problem(await gateway.delete(batch.batch_id, reader)) == (403, "scope_missing")


async def test_a_cancellation_that_kafka_does_not_take_is_told(gateway: Gateway) -> None:
    batch = gateway.batch()
    gateway.shows(a_status(task_id=_ids(batch)[0]))
    gateway.kafka.faults[CANCELLATIONS] = [KafkaAway("Kafka is away", outcome_known=True)]
    assert _problem(await gateway.delete(batch.batch_id)) == (503, "kafka_unavailable")
