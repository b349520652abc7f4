"""What memory a gateway takes for 500 open streams of events. Prints JSON.

    python -m benchmarks.event_streams [--streams N] [--size BYTES]

So many clients open `GET /tasks/{id}/events`; then their tasks end with results of 300 KB: all of one task, each of its
own, and each of its own while no client reads.
"""

import argparse
import asyncio
import time
from urllib.parse import urlsplit

from benchmarks.rig.figures import Figure, print_figures
from benchmarks.rig.processes import peak_resident_mib, resident_mib
from benchmarks.rig.running_system import RunningSystem, running_system
from benchmarks.rig.status_topic import finished_statuses, put_statuses
from schemas.tasks import WAITING, TaskState, TaskStatus

_END = b"event: SUCCESS"
_WITHIN = 60.0
_PIECE = 64 * 1024
_STUCK_SECONDS = 3.0
"""How long nobody reads before the memory is looked at."""


def main() -> None:
    """Measure with the sizes of the command line, and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--streams", type=int, default=500)
    arguments.add_argument("--size", type=int, default=300_000)
    given = arguments.parse_args()
    figures: list[Figure] = []
    for name, tasks, reading in (
        ("of one task", 1, True),
        ("of a task each", given.streams, True),
        ("of a task each, unread", given.streams, False),
    ):
        with running_system(workers=0) as system:
            [pid] = system.pids["gateways"]
            before = resident_mib(pid)
            seconds = asyncio.run(
                _streams(system, given.streams, finished_statuses(given.size, tasks), reading=reading)
            )
            figures += [
                Figure(f"streams {name}: memory before", before, "MiB"),
                Figure(f"streams {name}: memory, peak", peak_resident_mib(pid), "MiB", at_most=300),
            ]
            if reading:
                figures.append(Figure(f"streams {name}: until all have ended", seconds, "s"))
    print_figures("event_streams", figures, **vars(given))


async def _streams(system: RunningSystem, count: int, ends: list[TaskStatus], *, reading: bool) -> float:
    """Open streams, end their tasks, and return how long it took until all clients were told."""
    put_statuses(system.kafka, map(_pending, ends), owner=system.key_id)
    clients = await asyncio.gather(*(_open(system, ends[number % len(ends)].task_id) for number in range(count)))
    began = time.perf_counter()
    await asyncio.to_thread(put_statuses, system.kafka, ends, owner=system.key_id)
    if reading:
        async with asyncio.timeout(_WITHIN):
            await asyncio.gather(*(_read_to_the_end(reader) for reader, _ in clients))
    else:
        await asyncio.sleep(_STUCK_SECONDS)
    seconds = time.perf_counter() - began
    for _, writer in clients:
        writer.close()
    return seconds


def _pending(end: TaskStatus) -> TaskStatus:
    update = {"status": TaskState.PENDING, "progress": WAITING, "result": None, "started_at": None, "ended_at": None}
    return end.model_copy(update=update)


async def _open(system: RunningSystem, task_id: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A client that has heard the first event."""
    url = urlsplit(system.url)
    # Little is read ahead: what a client does not read stays with the gateway, or in the system's buffers.
    reader, writer = await asyncio.open_connection(url.hostname, url.port, limit=_PIECE)
    lines = [f"GET /tasks/{task_id}/events HTTP/1.1", f"Host: {url.netloc}"]
    lines += [f"{name}: {value}" for name, value in system.headers.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    async with asyncio.timeout(_WITHIN):
        await reader.readuntil(b"event: PENDING")
    return reader, writer


async def _read_to_the_end(reader: asyncio.StreamReader) -> None:
    seen = b""
    while _END not in seen:
        piece = await reader.read(_PIECE)
        if not piece:
            raise ConnectionError("a stream ended before its task")
        seen = seen[-len(_END) :] + piece
    while b"0\r\n\r\n" not in seen:
        piece = await reader.read(_PIECE)
        seen = seen[-8:] + piece


if __name__ == "__main__":
    main()
