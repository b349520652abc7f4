"""A path or query that is larger than any that has an answer is refused before anything looks for its parameters."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request

from gateway.request_targets import BoundedTargets


async def _ask(target: str) -> httpx.Response:
    app = FastAPI()
    app.add_middleware(BoundedTargets)

    @app.get("/{path:path}")
    async def anything(request: Request) -> Any:
        return len(request.query_params)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client:
        return await client.get(target)


@pytest.mark.parametrize(
    "target", ["/tasks", "/tasks?" + "&".join(["label=a:b"] * 64), "/" + "a" * 16_000, "/a?b=" + "%FF" * 5_000]
)
async def test_what_a_request_may_need_passes(target: str) -> None:
    assert (await _ask(target)).status_code == 200


@pytest.mark.parametrize(
    "target", ["/tasks?" + "&".join(["label=a:b"] * 65), "/" + "a" * 17_000, "/a?" + "b" * 17_000, "/a?" + "&" * 100]
)
async def test_more_is_refused_as_the_query_that_it_is(target: str) -> None:
    answer = await _ask(target)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["field"] for error in answer.json()["errors"]] == ["query"]
