"""A task's changes as Server-Sent Events, as a client reads them."""

import asyncio
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.event_stream import EventStream
from gateway.status_table.rows import status_row
from gateway.status_table.status_rows import StatusRecord
from gateway.status_table.task_events import TaskEvents, event_id, order_of
from gateway.status_table.watching import TaskWatches
from schemas.tasks import FINISHED, StatusOrder, TaskState, TaskStatus, in_step
from tests.unit.examples import NOON, TASK_ID, a_risk, a_status, an_assessment
from tests.unit.status_table.own_table import OWNER, OwnTable, record

PENDING = a_status()
READING = a_status(TaskState.PROGRESS, progress=in_step(1))
SUCCESS = a_status(
    TaskState.SUCCESS, progress=FINISHED, result=an_assessment(a_risk(text="x" * 300_000)), ended_at=NOON
)  # fmt: skip


@pytest.fixture
def table(tmp_path: Path) -> Iterator[OwnTable]:
    opened = OwnTable(tmp_path)
    opened.apply([record(PENDING)])
    yield opened
    opened.close()


class Client:
    """The other end of a stream; it reads as fast as it is let, and does what a test wants after each piece."""

    def __init__(self, after: Callable[[bytes], None] = lambda _piece: None) -> None:
        self.pieces: list[bytes] = []
        self._after = after
        self.heartbeats = asyncio.Semaphore(0)
        self.leaves = asyncio.Event()

    async def receive(self) -> MutableMapping[str, Any]:
        """What a server tells its application: that the client left."""
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """Take a piece."""
        self.pieces.append(bytes(message.get("body", b"")))
        if self.pieces[-1].startswith(b":"):
            self.heartbeats.release()
        self._after(self.pieces[-1])

    def events(self) -> list[tuple[str, str, TaskStatus]]:
        """Id, name and status of each event so far."""
        blocks = b"".join(self.pieces).split(b"\n\n")
        return [self._event(block) for block in blocks if block and not block.startswith(b":")]

    def _event(self, block: bytes) -> tuple[str, str, TaskStatus]:
        fields = dict(line.split(b": ", 1) for line in block.split(b"\n"))
        return fields[b"id"].decode(), fields[b"event"].decode(), TaskStatus.model_validate_json(fields[b"data"])


class Streams:
    """Opens streams of the table's task."""

    def __init__(self, table: OwnTable) -> None:
        self._watches = TaskWatches(table, table.news)
        self.closed = 0
        self.may_read = True

    def run(self, client: Client, *, seen: StatusOrder | None = None, heartbeat: float = 60) -> "asyncio.Task[None]":
        """Stream to a client."""
        held = ExitStack()
        held.callback(self._note_closed)
        watch = held.enter_context(self._watches.of(TASK_ID))
        assert watch is not None
        stream = EventStream(
            TaskEvents(watch, lambda _row, status: status, seen=seen),
            heartbeat=heartbeat,
            may_read=lambda: self.may_read,
            held=held,
        )
        return asyncio.create_task(stream({"type": "http"}, client.receive, client.send))

    def _note_closed(self) -> None:
        self.closed += 1


@pytest.fixture
def streams(table: OwnTable) -> Streams:
    return Streams(table)


async def test_the_newest_state_comes_first_then_each_change_and_the_end_ends_the_stream(
    table: OwnTable, streams: Streams
) -> None:
    client = Client()
    streaming = streams.run(client)
    table.apply([record(READING)])
    table.apply([record(SUCCESS)])
    await streaming
    assert client.events() == [
        ("1.0", "PENDING", PENDING),
        ("1.1", "PROGRESS", READING),
        ("1.7", "SUCCESS", SUCCESS),
    ]
    assert streams.closed == 1


async def test_what_was_seen_is_not_sent_again(table: OwnTable, streams: Streams) -> None:
    client = Client()
    streaming = streams.run(client, seen=READING.order)
    table.apply([record(READING)])
    table.apply([record(SUCCESS)])
    await streaming
    assert [name for _, name, _ in client.events()] == ["SUCCESS"]


async def test_a_quiet_stream_shows_that_it_lives(table: OwnTable, streams: Streams) -> None:
    client = Client()
    streaming = streams.run(client, heartbeat=0.01)
    async with asyncio.timeout(10):
        for _ in range(3):
            await client.heartbeats.acquire()
    table.apply([record(SUCCESS)])
    await streaming
    assert [name for _, name, _ in client.events()] == ["PENDING", "SUCCESS"]


async def test_a_status_of_several_lines_is_one_event(table: OwnTable, streams: Streams) -> None:
    body = orjson.dumps(orjson.loads(SUCCESS.model_dump_json()), option=orjson.OPT_INDENT_2)
    table.apply([StatusRecord(TASK_ID, status_row(body, OWNER))])
    client = Client()
    await streams.run(client)
    assert client.events() == [("1.7", "SUCCESS", SUCCESS)]


async def test_a_large_result_is_handed_over_in_small_pieces(table: OwnTable, streams: Streams) -> None:
    table.apply([record(SUCCESS)])
    client = Client()
    await streams.run(client)
    assert max(map(len, client.pieces)) < 100_000


@pytest.mark.parametrize("found", [PENDING, None], ids=["older", "none"])
async def test_an_event_is_broken_off_where_the_table_no_longer_has_it(
    table: OwnTable, streams: Streams, found: TaskStatus | None
) -> None:
    def begin_anew(piece: bytes) -> None:
        if piece.startswith(b"{"):
            table.begin_anew()
            table.apply([record(found)] if found else [])

    table.apply([record(SUCCESS)])
    client = Client(begin_anew)
    with pytest.raises(ConnectionAbortedError):
        await streams.run(client)
    assert not client.pieces[-1].endswith(b"\n\n")
    assert streams.closed == 1


async def test_an_event_goes_on_where_the_table_has_it_again(table: OwnTable, streams: Streams) -> None:
    def begin_anew(piece: bytes) -> None:
        if piece.startswith(b"{"):
            table.begin_anew()
            table.apply([record(PENDING), record(SUCCESS)])

    table.apply([record(SUCCESS)])
    client = Client(begin_anew)
    await streams.run(client)
    assert client.events() == [("1.7", "SUCCESS", SUCCESS)]


async def test_a_client_that_leaves_ends_its_stream(streams: Streams) -> None:
    client = Client()
    streaming = streams.run(client)
    client.leaves.set()
    await streaming
    assert streams.closed == 1


async def test_when_the_gateway_drains_its_streams_end(table: OwnTable, streams: Streams) -> None:
    client = Client()
    streaming = streams.run(client)
    await asyncio.sleep(0)
    table.news.end()
    await streaming
    assert streams.closed == 1


def test_an_id_of_an_event_tells_the_order() -> None:
    assert order_of(event_id(StatusOrder(3, 7))) == StatusOrder(3, 7)


@pytest.mark.parametrize("text", [None, "", "x", "1", "1.", "1.x", "11.1", "-1.1", "1.1.1", "²1.1"])
def test_what_is_no_id_of_an_event_is_as_none(text: str | None) -> None:
    assert order_of(text) is None


async def test_a_stream_ends_at_a_heartbeat_if_the_readers_key_is_revoked(table: OwnTable, streams: Streams) -> None:
    client = Client()
    streaming = streams.run(client, heartbeat=0.01)
    async with asyncio.timeout(10):
        await client.heartbeats.acquire()
        streams.may_read = False
        await streaming
    assert streams.closed == 1


async def test_a_revoked_key_gets_no_further_event(table: OwnTable, streams: Streams) -> None:
    def revoke(piece: bytes) -> None:
        if piece == b"\n\n":
            streams.may_read = False
            table.apply([record(READING)])

    client = Client(revoke)
    async with asyncio.timeout(10):
        await streams.run(client)
    assert [name for _, name, _ in client.events()] == ["PENDING"]
