"""A gateway that was killed: its table may lack the last statuses, which it has told already."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from gateway import problems
from gateway.batches.batch_watching import BatchWatches
from gateway.keys import add_key
from gateway.known_keys import KnownKeys
from gateway.materialised.follower import TableBehind
from gateway.open_streams import OpenStreams
from gateway.routes import batches, events, listing, tasks
from gateway.settings import GatewaySettings
from gateway.status_table.cursors import cursor_at
from gateway.status_table.watching import TaskWatches
from schemas.identifiers import new_task_id
from schemas.tasks import FINISHED, TaskState
from schemas.topics import BATCHES, TASKS
from tests.unit.examples import a_status
from tests.unit.gateway.batches.examples import a_batch
from tests.unit.gateway.batches.test_batch_rows import OwnBatches, read
from tests.unit.status_table.own_table import OwnTable, record
from tests.waiting import eventually


class Gateway:
    """Its table has a task's and a batch's beginnings, the topics have their ends."""

    def __init__(self, folder: Path) -> None:
        keys = folder / "keys.json"
        owner, secret = add_key(keys, "owner", scopes=frozenset({"read"}))
        self._headers = {"X-API-Key": secret}
        self._table, self._batches = OwnTable(folder / "table"), OwnBatches(folder / "batches")
        self.has_caught_up, self.away = False, False
        self.task_id, now = new_task_id(), datetime.now(UTC)
        self._begin = record(a_status(task_id=self.task_id), owner.id)
        self._table.apply([self._begin])
        self._end = record(a_status(TaskState.SUCCESS, task_id=self.task_id, progress=FINISHED, ended_at=now), owner.id)
        self.batch_id = new_task_id()
        self._batches.apply([read(a_batch(self.batch_id, 1), owner.id, now)])
        self._batch_end = read(a_batch(self.batch_id, 1, ended={TaskState.SUCCESS: 1}, ended_at=now), owner.id, now)
        self._app = FastAPI()
        problems.register(self._app)
        for module in (tasks, listing, events, batches):
            self._app.include_router(module.router)
        state = self._app.state
        state.settings = GatewaySettings(api_keys_file=keys)
        state.table, state.batches, state.keys, state.follower = self._table, self._batches, KnownKeys(keys), self
        state.watches, state.open_streams = TaskWatches(self._table, self._table.news), OpenStreams()
        state.batch_watches = BatchWatches(
            self._batches, self._table, batch_news=self._batches.news, task_news=self._table.news
        )

    async def catch_up(self, topic: str) -> None:
        """As the follower does."""
        if self.away:
            raise TableBehind("Kafka is away")
        if topic == TASKS:
            self._table.apply([self._end])
        elif topic == BATCHES:
            self._batches.apply([self._batch_end])

    def end_and_begin_anew(self) -> None:
        """The task ends, and before anybody looks the table has its beginning again."""
        self._table.apply([self._end])
        self.has_caught_up = False
        self._table.begin_anew()
        self._table.apply([self._begin])

    def is_waited_for(self) -> bool:
        """Whether somebody waits for the task."""
        return self._table.news.listened_to(self.task_id)

    async def get(self, path: str) -> httpx.Response:
        """What is answered."""
        transport = httpx.ASGITransport(self._app)
        # A stream of a task that has not ended would go on.
        async with asyncio.timeout(10), httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            return await client.get(path.format(task=self.task_id, batch=self.batch_id), headers=self._headers)


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return Gateway(tmp_path)


PATHS = ["/tasks/{task}", "/tasks/{task}/events", f"/tasks?cursor={cursor_at(b'')}", "/batches/{batch}"]


@pytest.mark.parametrize("path", PATHS)
async def test_it_first_comes_to_where_it_may_have_been(gateway: Gateway, path: str) -> None:
    answer = await gateway.get(path)
    assert answer.status_code == 200
    assert "SUCCESS" in answer.text
    assert "PENDING" not in answer.text


@pytest.mark.parametrize("path", PATHS)
async def test_it_says_nothing_where_it_cannot(gateway: Gateway, path: str) -> None:
    gateway.away = True
    assert (await gateway.get(path)).status_code == 503


@pytest.mark.parametrize("path", [path for path in PATHS if "events" not in path])
async def test_once_it_has_been_there_it_tells_what_it_knows_without_asking(gateway: Gateway, path: str) -> None:
    gateway.has_caught_up, gateway.away = True, True
    answer = await gateway.get(path)
    assert answer.status_code == 200
    assert "PENDING" in answer.text


async def test_who_waits_for_the_end_while_the_table_is_begun_anew_is_told_it(gateway: Gateway) -> None:
    gateway.has_caught_up = True
    asked = asyncio.create_task(gateway.get("/tasks/{task}?wait=60"))
    await asyncio.to_thread(eventually, gateway.is_waited_for, within=10, what="somebody waits for the task")
    gateway.end_and_begin_anew()
    assert (await asked).json()["status"] == "SUCCESS"
