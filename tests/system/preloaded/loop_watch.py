"""Tells in a gateway's log for how long its event loop was held up by one thing: in that time nobody else is answered.

What counts is the processor time of the loop's thread between two beats: a machine that has other things to do lets any
time pass. That a thread holds Python's lock, and so the loop, is not seen here; `tests/held_lock.py` measures that.
"""

import asyncio
import sys
import time
from pathlib import Path

from starlette.routing import Router
from starlette.types import Message, Receive, Scope, Send

_BEAT_SECONDS = 0.01
_PROMISED_SECONDS = 0.1
_LOADED = 2
"""On a machine with more to do than it can, the same work takes about so many times the processor time."""
_HELD = "the event loop was held for"


def install() -> None:
    """Watch the event loop of the application that this process serves, from when it is started up."""
    served = Router.lifespan

    async def watched(self: Router, scope: Scope, receive: Receive, send: Send) -> None:
        beating: list[asyncio.Task[None]] = []

        async def send_and_watch(message: Message) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                beating.append(asyncio.create_task(_beat()))

        try:
            await served(self, scope, receive, send_and_watch)
        finally:
            for task in beating:
                task.cancel()

    Router.lifespan = watched  # type: ignore[method-assign]


async def _beat() -> None:
    last = time.thread_time()
    while True:
        await asyncio.sleep(_BEAT_SECONDS)
        now = time.thread_time()
        if now - last > _LOADED * _PROMISED_SECONDS:
            print(f"{_HELD} {now - last:.3f} s", file=sys.stderr, flush=True)
        last = now


def holds(log: Path) -> list[str]:
    """The lines of a gateway's log that tell of it."""
    if not log.exists():
        return []
    with log.open(errors="replace") as lines:
        return [line.strip() for line in lines if _HELD in line]
