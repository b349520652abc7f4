"""What another key than a task's own is shown of it: of a callback URL who is called, and no more."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gateway.keys import add_key
from gateway.known_keys import KnownKeys
from gateway.open_streams import OpenStreams
from gateway.routes import events, listing, tasks
from gateway.settings import GatewaySettings
from gateway.status_table.rows import status_row
from gateway.status_table.watching import TaskWatches
from gateway.status_view import shown_to
from schemas.identifiers import new_task_id
from schemas.tasks import FINISHED, TaskState, TaskStatus
from tests.unit.examples import a_risk, a_status, an_api_key, an_assessment
from tests.unit.status_table.own_table import OwnTable, record

HOOK = "https://hooks.example.com/services/T0/path-secret?token=query-secret"
RECEIVER = "https://hooks.example.com:443"


class Gateway:
    """The routes that tell of tasks, with a real table and real keys."""

    def __init__(self, folder: Path) -> None:
        self.table, keys = OwnTable(folder / "table"), folder / "keys.json"
        owner, self.owner = add_key(keys, "owner", scopes=frozenset({"read"}))
        _, self.auditor = add_key(keys, "auditor", scopes=frozenset({"read", "read:all"}))
        self._app = FastAPI()
        for module in (tasks, listing, events):
            self._app.include_router(module.router)
        state = self._app.state
        state.settings = GatewaySettings(api_keys_file=keys)
        state.table, state.keys, state.follower = self.table, KnownKeys(keys), self
        state.watches, state.open_streams = TaskWatches(self.table, self.table.news), OpenStreams()
        self.task = a_status(
            TaskState.SUCCESS,
            task_id=new_task_id(),
            progress=FINISHED,
            result=an_assessment(a_risk()),
            ended_at=datetime.now(UTC),
            callback_url=HOOK,
        )
        self.table.apply([record(self.task, owner.id)])

    has_caught_up = True

    async def catch_up(self, _topic: str) -> None:
        """All is in the table."""

    async def get(self, path: str, key: str) -> str:
        """What is answered."""
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            answer = await client.get(path.format(self.task.task_id), headers={"X-API-Key": key})
        assert answer.status_code == 200, answer.text
        return answer.text


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    made = Gateway(tmp_path)
    yield made
    made.table.close()


@pytest.mark.parametrize("path", ["/tasks/{}", "/tasks/{}?wait=1", "/tasks?owner=all", "/tasks/{}/events"])
async def test_whichever_way_a_key_that_reads_all_asks_it_sees_who_is_called_and_no_secret_of_theirs(
    gateway: Gateway, path: str
) -> None:
    told = await gateway.get(path, gateway.auditor)
    assert "secret" not in told
    assert f'"callback_url":"{RECEIVER}"' in told


@pytest.mark.parametrize("path", ["/tasks/{}", "/tasks", "/tasks/{}/events"])
async def test_its_owner_sees_the_callback_url_that_it_gave(gateway: Gateway, path: str) -> None:
    assert f'"callback_url":"{HOOK}"' in await gateway.get(path, gateway.owner)


async def test_all_else_is_told_as_to_the_owner(gateway: Gateway) -> None:
    told = TaskStatus.model_validate_json(await gateway.get("/tasks/{}", gateway.auditor))
    assert told == gateway.task.model_copy(update={"callback_url": RECEIVER})


def _shown(status: bytes, *, owner: str | None = "key-1", caller: str = "key-2") -> bytes:
    return shown_to(an_api_key(caller), status_row(status, owner), status)


def _status(**changes: Any) -> bytes:
    return a_status(**changes).model_dump_json().encode()


@pytest.mark.parametrize(
    "status",
    [_status(), _status(labels={"callback_url": "none"}), _status(labels={"told": '"callback_url":"none"'})],
    ids=["none", "a label's name", "a label's text"],
)
def test_a_status_without_a_callback_url_is_told_as_it_is(status: bytes) -> None:
    assert json.loads(_shown(status)) == json.loads(status)


def test_to_its_owner_a_status_is_handed_on_as_it_came() -> None:
    status = _status(callback_url=HOOK)
    assert _shown(status, caller="key-1") is status


def test_an_upstreams_callback_url_is_shown_to_nobody_in_full() -> None:
    assert json.loads(_shown(_status(callback_url=HOOK), owner=None))["callback_url"] == RECEIVER


def test_a_callback_url_is_found_however_its_json_is_spaced_and_one_that_is_none_is_not_shown() -> None:
    status = json.loads(_status())
    for url, shown in ((HOOK, RECEIVER), ("https://user:secret@example.com/", None)):
        spaced = json.dumps({**status, "callback_url": url}, indent=1).encode()
        assert json.loads(_shown(spaced))["callback_url"] == shown
