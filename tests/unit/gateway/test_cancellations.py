"""DELETE /tasks/{id}: who may cancel what, and that the wish is on Kafka before the answer."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import AnyHttpUrl

from gateway import problems
from gateway.cancellation_rate import CancellationRate
from gateway.canceller import Canceller
from gateway.keys import Scope, add_key
from gateway.known_keys import KnownKeys
from gateway.materialised.follower import TableBehind
from gateway.routes import cancellations
from gateway.settings import GatewaySettings
from gateway.status_table.rows import status_row
from gateway.status_table.status_rows import StatusRecord
from schemas.cancellations import Cancellation
from schemas.identifiers import new_task_id
from schemas.tasks import TaskState, TaskStatus
from schemas.topics import CANCELLATIONS, TASKS
from tests.unit.examples import NOON, TRACEPARENT, a_status
from tests.unit.fake_publisher import FakePublisher
from tests.unit.status_table.own_table import OwnTable, record
from transport.publisher import KafkaAway

LIFE = timedelta(hours=1)


class Follower:
    """Has in the table what the topic holds only once it is asked to catch up."""

    def __init__(self, table: OwnTable) -> None:
        self._table = table
        self.behind: list[StatusRecord] = []
        self.away = False

    async def catch_up(self, topic: str) -> None:
        assert topic == TASKS
        if self.away:
            raise TableBehind("Kafka is away")
        self._table.apply(self.behind, datetime.now(UTC))


class Gateway:
    """The route with a real table and real keys, and a publisher and a follower that are ours."""

    def __init__(self, folder: Path) -> None:
        self.kafka, self.table = FakePublisher(), OwnTable(folder / "table")
        self.follower, self._keys = Follower(self.table), folder / "keys.json"
        self.owner, self.key = self.new_key("owner")
        self._app = FastAPI()
        problems.register(self._app)
        self._app.include_router(cancellations.router)
        state = self._app.state
        state.table, state.follower, state.keys = self.table, self.follower, KnownKeys(self._keys)
        state.settings = GatewaySettings(
            api_keys_file=self._keys, result_ttl=LIFE, public_url=AnyHttpUrl("http://gateway")
        )
        state.canceller = Canceller(self.kafka, 0.2, lambda: NOON)
        state.cancellation_rate = CancellationRate(5)

    def new_key(self, name: str, *scopes: Scope) -> tuple[str, str]:
        """A further key's id and secret."""
        record, secret = add_key(self._keys, name, scopes=frozenset(scopes or ("submit", "read")))
        return record.id, secret

    def knows(self, status: TaskStatus, owner: str | None) -> None:
        """This status stands on the topic."""
        self.follower.behind.append(record(status, owner))

    def task(self, state: TaskState = TaskState.PENDING, **changes: object) -> str:
        """A task of the owner in this state."""
        status = a_status(state, task_id=new_task_id(), **changes)
        self.knows(status, self.owner)
        return status.task_id

    async def delete(self, task_id: str, key: str | None = None) -> httpx.Response:
        """Ask for a task to be cancelled."""
        transport = httpx.ASGITransport(self._app)
        headers = {"X-API-Key": self.key if key is None else key, "traceparent": TRACEPARENT}
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            return await client.delete(f"/tasks/{task_id}", headers=headers)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    made = Gateway(tmp_path)
    yield made
    made.table.close()


def _problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("urn:sigmak:problem:")


@pytest.mark.parametrize("state", [TaskState.PENDING, TaskState.PROGRESS, TaskState.RETRY])
async def test_what_has_not_ended_is_accepted_to_be_cancelled_and_says_where_to_look(
    gateway: Gateway, state: TaskState
) -> None:
    task_id = gateway.task(state)
    answer = await gateway.delete(task_id)
    assert answer.status_code == 202
    assert answer.json().keys() == {"task_id", "status_url", "message"}
    assert answer.json()["task_id"] == task_id
    assert answer.headers["location"] == answer.json()["status_url"] == f"http://gateway/tasks/{task_id}"


async def test_the_cancellation_lies_where_the_filing_lies_and_tells_what_the_status_will(gateway: Gateway) -> None:
    beside_its_state: dict[str, Any] = {
        "redriven_from": "01890a5d-ac96-774b-bcce-b302099a8057",
        "labels": {"desk": "credit"},
        "callback_url": "https://example.com/hook",
    }
    task_id = gateway.task(**beside_its_state)
    await gateway.delete(task_id)
    [sent] = gateway.kafka.published
    assert (sent.topic, sent.key) == (CANCELLATIONS, "ACME")
    assert sent.event is not None
    assert (sent.event.type, sent.event.subject) == ("sigmak.task.cancellation.v1", task_id)
    assert (sent.event.extensions, sent.event.traceparent) == ({"sigmak-owner": gateway.owner}, TRACEPARENT)
    assert Cancellation.model_validate_json(sent.event.data) == Cancellation(
        task_id=task_id, ticker="ACME", filing_year=2024, submitted_at=NOON, **beside_its_state
    )


async def test_asking_again_is_harmless_and_sends_the_same_event(gateway: Gateway) -> None:
    task_id = gateway.task()
    assert [(await gateway.delete(task_id)).status_code for _ in range(2)] == [202, 202]
    assert len({sent.event.id for sent in gateway.kafka.published if sent.event}) == 1


@pytest.mark.parametrize("state", [TaskState.SUCCESS, TaskState.FAILURE, TaskState.CANCELLED])
async def test_a_task_that_has_ended_is_a_conflict_that_names_its_state(gateway: Gateway, state: TaskState) -> None:
    answer = await gateway.delete(gateway.task(state, ended_at=datetime.now(UTC)))
    assert _problem(answer) == (409, "task_ended")
    assert answer.json()["state"] == state
    assert state in answer.json()["detail"]
    assert gateway.kafka.published == []


async def test_an_end_that_another_gateway_told_of_a_moment_ago_is_known(gateway: Gateway) -> None:
    task_id = gateway.task()
    await gateway.delete(task_id)
    gateway.knows(a_status(TaskState.SUCCESS, task_id=task_id, ended_at=datetime.now(UTC)), gateway.owner)
    assert _problem(await gateway.delete(task_id)) == (409, "task_ended")


async def test_only_the_owner_may_cancel_not_even_who_reads_all(gateway: Gateway) -> None:
    task_id = gateway.task()
    for name, scopes in {"other": ("submit", "read"), "auditor": ("submit", "read", "read:all")}.items():
        _, key = gateway.new_key(name, *scopes)  # type: ignore[arg-type]
        assert _problem(await gateway.delete(task_id, key)) == (404, "no_such_task")
    assert gateway.kafka.published == []


async def test_an_upstreams_task_can_not_be_cancelled(gateway: Gateway) -> None:
    status = a_status(task_id=new_task_id())
    gateway.knows(status, None)
    _, auditor = gateway.new_key("auditor", "submit", "read", "read:all")
    assert _problem(await gateway.delete(status.task_id, auditor)) == (404, "no_such_task")


async def test_a_key_that_may_not_submit_may_not_cancel(gateway: Gateway) -> None:
    _, reader = gateway.new_key("reader", "read", "read:all")
    assert _problem(await gateway.delete(gateway.task(), reader)) == (403, "scope_missing")
    assert _problem(await gateway.delete(gateway.task(), "sigmak_nobody")) == (401, "no_valid_key")


async def test_unknown_tasks_are_not_found_and_old_ones_gone(gateway: Gateway) -> None:
    assert _problem(await gateway.delete(new_task_id())) == (404, "no_such_task")
    assert _problem(await gateway.delete("no-task")) == (404, "no_such_task")
    assert _problem(await gateway.delete("01890a5d-ac96-774b-bcce-b302099a8057")) == (410, "task_expired")
    past = gateway.task(TaskState.SUCCESS, ended_at=datetime.now(UTC) - 2 * LIFE)
    assert _problem(await gateway.delete(past)) == (410, "task_expired")


async def test_while_kafka_is_away_the_answer_is_503_and_when_to_come_again(gateway: Gateway) -> None:
    task_id = gateway.task()
    gateway.kafka.faults[CANCELLATIONS] = [KafkaAway("Kafka is away", outcome_known=True)]
    answer = await gateway.delete(task_id)
    assert _problem(answer) == (503, "kafka_unavailable")
    assert answer.headers["retry-after"] == "2"
    gateway.kafka.held[CANCELLATIONS] = asyncio.Event()
    assert _problem(await gateway.delete(task_id)) == (503, "kafka_unavailable")
    gateway.follower.away = True
    assert _problem(await gateway.delete(task_id)) == (503, "kafka_unavailable")


async def test_a_status_of_a_newer_worker_with_a_field_that_is_unknown_here_can_be_cancelled(gateway: Gateway) -> None:
    task_id = new_task_id()
    body = {**json.loads(a_status(task_id=task_id).model_dump_json()), "newer": 1}
    gateway.follower.behind.append(StatusRecord(task_id, status_row(json.dumps(body).encode(), gateway.owner)))
    assert (await gateway.delete(task_id)).status_code == 202


async def test_cancellations_have_a_rate_of_their_own_however_often_the_same_task_is_named(gateway: Gateway) -> None:
    task = gateway.task()
    answers = [await gateway.delete(task) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [202] * 5 + [429]
    assert _problem(answers[-1]) == (429, "too_many_cancellations")
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    assert len(gateway.kafka.published) == 5
