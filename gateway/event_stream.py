"""A task's changes as Server-Sent Events.

Rules: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack

import orjson
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from gateway.status_table.rows import StatusRow
from gateway.status_table.watching import TaskWatch
from schemas.tasks import StatusOrder

_HEARTBEAT = b":\n\n"
_PIECE_BYTES = 32 * 1024
"""What is handed to a connection at a time: the whole of a result would be copied for each reader that is slow."""
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # a proxy would hold events back until its buffer is full
}


class EventStream(StreamingResponse):
    """The newest status of a task, then each change, up to its end.

    Args:
        watch: of the task.
        seen: the status that the reader saw last, if any; it is not sent it again.
        heartbeat: seconds without an event until a comment tells that the connection lives.
        held: what is let go when the stream ends, however it does.
    """

    def __init__(self, watch: TaskWatch, *, seen: StatusOrder | None, heartbeat: float, held: ExitStack) -> None:
        self._held = held
        super().__init__(_events(watch, seen, heartbeat), media_type="text/event-stream", headers=_HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        with self._held:
            await super().__call__(scope, receive, send)


async def _events(watch: TaskWatch, seen: StatusOrder | None, heartbeat: float) -> AsyncIterator[bytes | memoryview]:
    row: StatusRow | None = watch.row
    if watch.row.order.supersedes(seen):
        for piece in _event(watch.row):
            yield piece
    while row is not None:
        try:
            async with asyncio.timeout(heartbeat):
                row = await watch.next()
        except TimeoutError:
            yield _HEARTBEAT
            continue
        if row is not None and row.order.supersedes(seen):
            for piece in _event(row):
                yield piece


def _event(row: StatusRow) -> Iterator[bytes | memoryview]:
    yield f"id: {event_id(row.order)}\nevent: {row.state}\ndata: ".encode()
    body = memoryview(_in_one_line(row.body))
    for start in range(0, len(body), _PIECE_BYTES):
        yield body[start : start + _PIECE_BYTES]
    yield b"\n\n"


def _in_one_line(body: bytes) -> bytes:
    return orjson.dumps(orjson.loads(body)) if b"\n" in body or b"\r" in body else body


def event_id(order: StatusOrder) -> str:
    """The id of an event."""
    return f"{order.attempt}.{order.step}"


def order_of(event_id: str | None) -> StatusOrder | None:
    """The inverse of `event_id`; None for anything else, which a reader may send as well."""
    attempt, _, step = (event_id or "").partition(".")
    if not (attempt.isdecimal() and step.isdecimal() and len(attempt) == len(step) == 1):
        return None
    return StatusOrder(int(attempt), int(step))
