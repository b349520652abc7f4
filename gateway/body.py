"""Reads a request's body up to a limit, and refuses a larger one, or one that stops coming, before it is all here."""

import asyncio
from http import HTTPStatus

from fastapi import Request

from gateway.bodies_in_hand import Hold, Overloaded
from gateway.problems import Problem

_SLOWEST = 32 * 1024
"""Bytes a second at which the largest body may come.

Without an end, who sends a byte now and then would hold for ever what it sent before. The time is that of the whole,
and not a rate that is kept all the while, which would give up honest senders whose line stalls; and it is the largest
body's for a smaller one, too, which may be on a bad line. A batch of 200 MiB has 107 minutes.
"""


async def read_body(request: Request, limit: int, hold: Hold, *, timeout: float) -> bytes:
    """The body, each part of it in hold from when it comes.

    Args:
        request: its body is not read yet.
        limit: how many bytes the body may have.
        hold: the room that it takes in the gateway.
        timeout: seconds to wait for each part.

    Raises:
        Problem: 408 where it stops coming, or comes too slowly; 413 where it is, or says that it will be, over `limit`
            bytes; 503 where the gateway has no room for it.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise _too_large(limit)
    try:
        return b"".join(await _parts(request, limit, hold, timeout))
    except Overloaded as error:
        raise overloaded(close=True) from error
    except TimeoutError as error:
        raise _too_slow() from error


async def _parts(request: Request, limit: int, hold: Hold, timeout: float) -> list[bytes]:
    # The server waits for ever for a host that died: what is held would be free again only after a restart.
    now = asyncio.get_running_loop().time
    end = now() + timeout + limit / _SLOWEST
    parts: list[bytes] = []
    received = 0
    async with asyncio.timeout(timeout) as deadline:
        async for part in request.stream():
            received += len(part)
            if received > limit:
                raise _too_large(limit)
            hold.take(len(part))
            parts.append(part)
            deadline.reschedule(min(now() + timeout, end))
    return parts


def overloaded(*, close: bool = False) -> Problem:
    """503: the bodies of other submissions fill the room; `close` where the rest of this one was not read."""
    detail = "The gateway holds as many submissions as it has room for, and none of this one. Send it again."
    headers = {"Retry-After": "2"} | (_CLOSE if close else {})
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "overloaded", detail, headers=headers)


_CLOSE = {"Connection": "close"}
"""The rest of the body is still on its way: without closing, it would be read as the next request."""


def _too_slow() -> Problem:
    detail = "The rest of the request body did not come in time, and nothing was accepted. Send it again."
    return Problem(HTTPStatus.REQUEST_TIMEOUT, "body_too_slow", detail, headers=_CLOSE)


def _too_large(limit: int) -> Problem:
    detail = f"The request body is over the limit of {limit} bytes. Give a large filing by html_path."
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", detail, headers=_CLOSE)
