"""Server-Sent Events, of whatever changes.

Rules: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Protocol

import orjson
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

_HEARTBEAT = b":\n\n"
_PIECE_BYTES = 64 * 1024
"""What is handed to a connection at a time, which may keep it for as long as its reader is slow."""
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # a proxy would hold events back until its buffer is full
}


@dataclass(frozen=True, slots=True)
class Event:
    """One event.

    Attributes:
        id: what a reader that comes again names as its `Last-Event-ID`.
        body: reads its data, JSON; None where that went meanwhile, or something else is in its place.
    """

    id: str
    name: str
    body: Callable[[], bytes | None]


class Events(Protocol):
    """What is streamed to one reader."""

    async def next(self) -> Event | None:
        """The next event, once there is one; None where none follows. A call that is given up loses nothing."""


class EventStream(StreamingResponse):
    """All events up to the last.

    Args:
        events: what is streamed.
        heartbeat: seconds without an event until a comment tells that the connection lives.
        may_read: whether the reader's key is still valid; asked before each event, and with each heartbeat.
        held: what is let go when the stream ends, however it does.
    """

    def __init__(self, events: Events, *, heartbeat: float, may_read: Callable[[], bool], held: ExitStack) -> None:
        self._held = held
        super().__init__(_written(events, heartbeat, may_read), media_type="text/event-stream", headers=_HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        with self._held:
            await super().__call__(scope, receive, send)


async def _written(events: Events, heartbeat: float, may_read: Callable[[], bool]) -> AsyncIterator[bytes]:
    while True:
        try:
            async with asyncio.timeout(heartbeat):
                event = await events.next()
        except TimeoutError:
            if not may_read():
                return
            yield _HEARTBEAT
            continue
        if event is None or not may_read():
            return
        yield f"id: {event.id}\nevent: {event.name}\ndata: ".encode()
        for piece in _pieces(event.body):
            yield piece
        yield b"\n\n"


def _pieces(body: Callable[[], bytes | None]) -> Iterator[bytes]:
    """The body in pieces, read anew for each: while a reader is slow to take one, no more than that is in memory."""
    for start in itertools.count(0, _PIECE_BYTES):
        whole = body()
        if whole is None:
            # Its reader sees that it has a part only, and comes again; an end of the event would seem to be its own.
            raise ConnectionAbortedError("the status went before its reader had taken it")
        whole = _in_one_line(whole)
        piece, size = whole[start : start + _PIECE_BYTES], len(whole)
        del whole  # else it would be kept while the piece is on its way
        yield piece
        if start + _PIECE_BYTES >= size:
            return


def _in_one_line(body: bytes) -> bytes:
    return orjson.dumps(orjson.loads(body)) if b"\n" in body or b"\r" in body else body
