"""Who asks: the X-API-Key header."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader

from gateway.keys import ApiKey, ApiKeys, Scope
from gateway.problems import Problem

_HEADER = APIKeyHeader(name="X-API-Key", auto_error=False, description="A key made by `sigmak keys new`.")


async def authenticated(request: Request, key: Annotated[str | None, Security(_HEADER)]) -> ApiKey:
    """The key of the request.

    Raises:
        Problem: 401 where there is none, or no such key.
    """
    # `async`, though it awaits nothing: FastAPI hands what is not to a thread, which cost a seventh of a submission.
    keys: ApiKeys = request.app.state.keys
    found = keys.find(key) if key else None
    if found is None:
        detail = "Send a valid API key in the X-API-Key header; `sigmak keys new NAME` makes one."
        raise Problem(HTTPStatus.UNAUTHORIZED, "no_valid_key", detail, headers={"WWW-Authenticate": "X-API-Key"})
    return found


def require(key: ApiKey, scope: Scope) -> None:
    """Raise a 403 problem where the key lacks a scope."""
    if scope not in key.scopes:
        raise Problem(HTTPStatus.FORBIDDEN, "scope_missing", f"The API key {key.name} lacks the scope {scope}.")


Caller = Annotated[ApiKey, Depends(authenticated)]
