"""A task's changes as Server-Sent Events.

Rules: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from functools import partial

import orjson
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from gateway.status_table.rows import StatusRow
from gateway.status_table.watching import TaskWatch
from schemas.tasks import StatusOrder

_HEARTBEAT = b":\n\n"
_PIECE_BYTES = 64 * 1024
"""What is handed to a connection at a time, which may keep it for as long as its reader is slow."""
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # a proxy would hold events back until its buffer is full
}

Shown = Callable[[StatusRow, bytes], bytes]


class EventStream(StreamingResponse):
    """The newest status of a task, then each change, up to its end.

    Args:
        watch: of the task.
        shown: a row and its status -> the status as this reader may see it.
        seen: the status that the reader saw last, if any; it is not sent it again.
        heartbeat: seconds without an event until a comment tells that the connection lives.
        held: what is let go when the stream ends, however it does.
    """

    def __init__(
        self, watch: TaskWatch, shown: Shown, *, seen: StatusOrder | None, heartbeat: float, held: ExitStack
    ) -> None:
        self._held = held
        super().__init__(_events(watch, shown, seen, heartbeat), media_type="text/event-stream", headers=_HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        with self._held:
            await super().__call__(scope, receive, send)


async def _events(watch: TaskWatch, shown: Shown, seen: StatusOrder | None, heartbeat: float) -> AsyncIterator[bytes]:
    row: StatusRow | None = watch.row
    while row is not None:
        if row.order.supersedes(seen):
            yield f"id: {event_id(row.order)}\nevent: {row.state}\ndata: ".encode()
            for piece in _pieces(watch.body, partial(shown, row)):
                yield piece
            yield b"\n\n"
        while True:
            try:
                async with asyncio.timeout(heartbeat):
                    row = await watch.next()
                break
            except TimeoutError:
                yield _HEARTBEAT


def _pieces(body: Callable[[], bytes | None], shown: Callable[[bytes], bytes]) -> Iterator[bytes]:
    """The body in pieces, read anew for each: while a reader is slow to take one, no more than that is in memory."""
    for start in itertools.count(0, _PIECE_BYTES):
        whole = body()
        if whole is None:
            raise ConnectionAbortedError("the task's status was deleted before its reader had taken it")
        whole = _in_one_line(shown(whole))
        piece, size = whole[start : start + _PIECE_BYTES], len(whole)
        del whole  # else it would be kept while the piece is on its way
        yield piece
        if start + _PIECE_BYTES >= size:
            return


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
