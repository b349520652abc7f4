"""Who asks: the X-API-Key header."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from fastapi import Request, Security
from fastapi.openapi.models import APIKey, APIKeyIn
from fastapi.security.base import SecurityBase

from gateway.keys import ApiKey, Scope
from gateway.known_keys import KnownKeys
from gateway.problems import Problem

Answer = TypeVar("Answer")

_HEADER = "X-API-Key"
_LOOK_SECONDS = 5.0
"""Seconds after which a request that waits looks whether its key was revoked."""


class CallersKey(SecurityBase):
    """Whose key the header holds.

    Scheme and lookup are one dependency: as two, FastAPI's search for their parameters took a tenth of what a status
    takes without its server.
    """

    def __init__(self) -> None:
        self.scheme_name = "APIKeyHeader"
        self.model = APIKey.model_validate(
            {"in": APIKeyIn.header, "name": _HEADER, "description": "A key made by `sigmak keys new`."}
        )

    # `async`, though it awaits nothing: FastAPI hands what is not to a thread, which cost a seventh of a submission.
    async def __call__(self, request: Request) -> ApiKey:
        """The key of the request.

        Raises:
            Problem: 401 where there is none, no such key, or one that is no longer valid.
        """
        key = request.headers.get(_HEADER)
        keys: KnownKeys = request.app.state.keys
        return _valid(keys.find(key) if key else None)


def is_still_valid(request: Request, caller: ApiKey) -> bool:
    """Whether a key that was valid when its request came may still read."""
    keys: KnownKeys = request.app.state.keys
    try:
        require(_valid(keys.current(caller)), "read")
    except Problem:
        return False
    return True


async def while_valid(request: Request, caller: ApiKey, waiting: Coroutine[Any, Any, Answer]) -> Answer:
    """What `waiting` returns, if the key is valid until then.

    Raises:
        Problem: 401 or 403 if it is not, within seconds of its revocation.
    """
    keys: KnownKeys = request.app.state.keys
    task = asyncio.create_task(waiting)
    try:
        while not task.done():
            await asyncio.wait([task], timeout=_LOOK_SECONDS)
            require(_valid(keys.current(caller)), "read")
        return task.result()
    finally:
        task.cancel()


def _valid(found: ApiKey | None) -> ApiKey:
    if found is None:
        raise _refused(
            "no_valid_key", "Send a valid API key in the X-API-Key header; `sigmak keys new NAME` makes one."
        )
    if found.revoked_at is not None:
        raise _refused("key_revoked", f"The API key {found.id} was revoked; `sigmak keys new NAME` makes another.")
    if found.expires_at is not None and found.expires_at <= datetime.now(UTC):
        at = found.expires_at.isoformat(timespec="seconds")
        raise _refused("key_expired", f"The API key {found.id} expired at {at}; `sigmak keys new NAME` makes another.")
    return found


def _refused(type: str, detail: str) -> Problem:
    return Problem(HTTPStatus.UNAUTHORIZED, type, detail, headers={"WWW-Authenticate": _HEADER})


def require(key: ApiKey, scope: Scope) -> None:
    """Raise a 403 problem where the key lacks a scope."""
    if scope not in key.scopes:
        raise Problem(HTTPStatus.FORBIDDEN, "scope_missing", f"The API key {key.name} lacks the scope {scope}.")


Caller = Annotated[ApiKey, Security(CallersKey())]
