"""Who asks: a key that is no longer valid is told apart from one that never was."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from gateway import problems
from gateway.authentication import Caller
from gateway.keys import add_key, revoke_key
from gateway.known_keys import KnownKeys


@pytest.fixture
def file(tmp_path: Path) -> Path:
    add_key(tmp_path / "keys.json", "another")
    return tmp_path / "keys.json"


async def _ask(file: Path, key: str | None) -> httpx.Response:
    app = FastAPI()
    problems.register(app)
    app.state.keys = KnownKeys(file)

    @app.get("/")
    async def _name(caller: Caller) -> str:
        return caller.name

    headers = {} if key is None else {b"X-API-Key": key.encode("latin-1")}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client:
        return await client.get("/", headers=headers)


async def _refusal(file: Path, key: str | None) -> tuple[int, str, str]:
    answer = await _ask(file, key)
    assert answer.headers["www-authenticate"] == "X-API-Key"
    return answer.status_code, answer.json()["type"].removeprefix("urn:sigmak:problem:"), answer.json()["detail"]


async def test_a_valid_key_tells_whose_it_is(file: Path) -> None:
    _, key = add_key(file, "ci", expires_at=datetime.now(UTC) + timedelta(hours=1))
    assert (await _ask(file, key)).json() == "ci"


@pytest.mark.parametrize("key", [None, "", "sigmak_unknown", "é"])
async def test_without_a_known_key_nothing_is_told(file: Path, key: str | None) -> None:
    status, type_, _ = await _refusal(file, key)
    assert (status, type_) == (401, "no_valid_key")


async def test_an_expired_key_is_told_that_it_is_and_when_it_did(file: Path) -> None:
    expired_at = datetime.now(UTC) - timedelta(seconds=1)
    record, key = add_key(file, "ci", expires_at=expired_at)
    status, type_, detail = await _refusal(file, key)
    assert (status, type_) == (401, "key_expired")
    assert record.id in detail
    assert expired_at.isoformat(timespec="seconds") in detail


async def test_a_revoked_key_is_told_that_it_is(file: Path) -> None:
    record, key = add_key(file, "ci")
    revoke_key(file, record.id)
    status, type_, detail = await _refusal(file, key)
    assert (status, type_) == (401, "key_revoked")
    assert record.id in detail
    assert key not in detail
