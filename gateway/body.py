"""Reads a request's body up to a limit, and refuses a larger one before it is all here."""

from http import HTTPStatus

from fastapi import Request

from gateway.problems import Problem


async def read_body(request: Request, limit: int) -> bytes:
    """The body.

    Raises:
        Problem: 413 where it is, or says that it will be, over `limit` bytes.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)


def _too_large(limit: int) -> Problem:
    detail = f"The request body is over the limit of {limit} bytes. Give a large filing by html_path."
    # The rest of the body is still on its way: without closing, it would be read as the next request.
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", detail, headers={"Connection": "close"})
