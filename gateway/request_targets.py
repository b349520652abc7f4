"""Refuses a request whose path or query is larger than any that the gateway has an answer for.

A query is searched once for each of its parameters, by FastAPI too: 8,000 of them held the event loop for 0.7 s.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.problems import Problem, invalid_field

_LONGEST = 16 * 1024
"""Characters of path and query. A callback URL and ten labels, percent-encoded, have 15 KiB at most."""
_MOST_PARAMETERS = 64
"""Of a query; a submission has 20 at most."""


class BoundedTargets:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 422 in the application's place, or pass the request on."""
        if scope["type"] == "http" and (problem := _fault(scope["path"], scope["query_string"])) is not None:
            await problem.response()(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _fault(path: str, query: bytes) -> Problem | None:
    if len(path) + len(query) > _LONGEST:
        return invalid_field("query", f"give at most {_LONGEST} characters of path and query")
    # Starlette takes `;` for a part of a value.
    if query.count(b"&") >= _MOST_PARAMETERS:
        return invalid_field("query", f"give at most {_MOST_PARAMETERS} parameters")
    return None
