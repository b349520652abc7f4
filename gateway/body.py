"""Reads a request's body up to a limit, and refuses a larger one before it is all here."""

from http import HTTPStatus

from fastapi import Request

from gateway.bodies_in_hand import Hold, Overloaded
from gateway.problems import Problem


async def read_body(request: Request, limit: int, hold: Hold) -> bytes:
    """The body, each part of it in hold from when it comes.

    Raises:
        Problem: 413 where it is, or says that it will be, over `limit` bytes; 503 where the gateway has no room for it.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    received = 0
    try:
        async for chunk in request.stream():
            received += len(chunk)
            if received > limit:
                raise _too_large(limit)
            hold.take(len(chunk))
            chunks.append(chunk)
    except Overloaded as error:
        raise overloaded(close=True) from error
    return b"".join(chunks)


def overloaded(*, close: bool = False) -> Problem:
    """503: the bodies of other submissions fill the room; `close` where the rest of this one was not read."""
    detail = "The gateway holds as many submissions as it has room for, and none of this one. Send it again."
    headers = {"Retry-After": "2"} | (_CLOSE if close else {})
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "overloaded", detail, headers=headers)


_CLOSE = {"Connection": "close"}
"""The rest of the body is still on its way: without closing, it would be read as the next request."""


def _too_large(limit: int) -> Problem:
    detail = f"The request body is over the limit of {limit} bytes. Give a large filing by html_path."
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", detail, headers=_CLOSE)
