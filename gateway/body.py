"""Reads a request's body up to a limit, and refuses a larger one, or one that stops coming, before it is all here."""

import asyncio
from http import HTTPStatus

from fastapi import Request

from gateway.bodies_in_hand import Hold, Overloaded
from gateway.problems import Problem

_SLOWEST = 32 * 1024
"""Bytes a second at which the largest body may come in all, stalls included. Without this end, a client that keeps the
pace of `_PACE` would hold a large body for hours. A batch of 200 MiB has 107 minutes."""

_PACE = 16 * 1024
"""Bytes a second that win a body time: half of the slowest line that is served, so that a sender at 32 KiB/s makes up
for a stall in the time that the stall took. Without it, a client that sent most of a large body at once held it with a
byte now and then for half an hour."""

_STALLS = 2
"""Body timeouts of credit that a body has at first, and never has more than: a sender that was fast may stall twice in
a row, however fast it was, and a small body on a bad line has a minute."""


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
    began = now()
    end = began + timeout + limit / _SLOWEST
    paid_until = began + _STALLS * timeout
    parts: list[bytes] = []
    received = 0
    async with asyncio.timeout(timeout) as deadline:
        async for part in request.stream():
            received += len(part)
            if received > limit:
                raise _too_large(limit)
            hold.take(len(part))
            parts.append(part)
            paid_until = min(paid_until + len(part) / _PACE, now() + _STALLS * timeout)
            deadline.reschedule(min(now() + timeout, paid_until, end))
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
