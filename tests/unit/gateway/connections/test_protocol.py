"""What one connection may ask of the gateway, over real sockets: bytes and time of a head, requests, reading."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from gateway.connections.protocol import Guard, guarded
from gateway.connections.registry import Registry

HEAD_BYTES, HEAD_SECONDS, READ_SECONDS = 20_000, 10.0, 30.0
LIVE = b"GET /live HTTP/1.1\r\nHost: x\r\n"
_WITHIN = 10.0


class Server:
    """A port whose connections have a guard; each request is answered when the test lets it, with the test's body."""

    def __init__(self, registry: Registry, port: int) -> None:
        self.registry, self.port = registry, port
        self.asked: list[str] = []
        self.answers = asyncio.Event()
        self.answers.set()
        self.body = b"ok"

    async def app(self, scope: Any, _receive: Any, send: Any) -> None:
        """Answer without reading the request's body."""
        self.asked.append(scope["path"])
        await self.answers.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": self.body})

    async def connect(self) -> "Client":
        """A new connection."""
        return Client(*await asyncio.open_connection("127.0.0.1", self.port))

    def later(self, seconds: float) -> None:
        """Check all connections as if so many seconds had gone by."""
        self.registry.check(asyncio.get_running_loop().time() + seconds)


class Client:
    """One connection to it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> None:
        """Send bytes; a server that has closed is no error."""
        try:
            self.writer.write(data)
            await self.writer.drain()
        except ConnectionError:
            pass

    async def head(self) -> bytes:
        """The next answer's head."""
        async with asyncio.timeout(_WITHIN):
            return await self.reader.readuntil(b"\r\n\r\n")

    async def rest(self) -> bytes:
        """All up to the connection's end, which must come."""
        parts = []
        async with asyncio.timeout(_WITHIN):
            try:
                while part := await self.reader.read(65536):
                    parts.append(part)
            except ConnectionError:
                pass
        return b"".join(parts)


@asynccontextmanager
async def _serving(total: int = 20, per_address: int = 20) -> AsyncIterator[Server]:
    registry = Registry(total, per_address)
    guard = Guard(registry, head_bytes=HEAD_BYTES, head_seconds=HEAD_SECONDS, read_seconds=READ_SECONDS)
    server = Server(registry, 0)
    config = uvicorn.Config(server.app, interface="asgi3", lifespan="off", log_config=None, access_log=False, ws="none")
    protocol, state = guarded(guard), ServerState()
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(lambda: protocol(config, state, {}), "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        server.answers.set()
        listener.close()
        for connection in list(state.connections):
            connection.transport.abort()


async def _eventually(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(_WITHIN):
        while not is_so():  # noqa: ASYNC110, the condition is the server's, which has no event for it
            await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    "more",
    [
        b"a: b\r\n" * 10_000,
        b": \r\n".join(b"h%d" % number for number in range(2000)) + b": \r\n",
        b"a: " + b"x" * 100_000,
        b"a" * 100_000,
        b"a: " + b"x" * 17_000 + b"\r\n\r\n",
        b"a: b\r\n" * 10_000 + b"\r\n",
    ],
)
async def test_a_head_over_the_limit_is_refused_before_it_ends(more: bytes) -> None:
    async with _serving() as server:
        client = await server.connect()
        await client.send(LIVE + more)
        assert (await client.rest()).startswith(b"HTTP/1.1 431 ")
        assert not server.asked


async def test_a_target_over_the_limit_is_refused() -> None:
    async with _serving() as server:
        client = await server.connect()
        await client.send(b"GET /" + b"x" * 100_000)
        assert (await client.rest()).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    "endless",
    [
        b"1;" + b"x" * 100_000,
        b"0\r\n" + b"a: b\r\n" * 10_000,
        b"0\r\na: " + b"x" * 100_000,
        b"0" * 100_000,
    ],
)
async def test_chunks_and_trailers_have_the_limit_of_a_head(endless: bytes) -> None:
    async with _serving() as server:
        server.answers.clear()
        client = await server.connect()
        await client.send(b"POST /analyze HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + endless)
        await client.rest()


async def test_a_head_may_be_as_large_as_the_limit_and_the_next_one_too() -> None:
    async with _serving() as server:
        client = await server.connect()
        for _ in range(3):
            await client.send(LIVE + (b"a: " + b"x" * 9000 + b"\r\n") * 2 + b"\r\n")
            assert (await client.head()).startswith(b"HTTP/1.1 200 ")
            await client.reader.readuntil(b"0\r\n\r\n")


@pytest.mark.parametrize("sent", [b"", b"GET", LIVE, LIVE + b"a"])
async def test_a_connection_whose_head_does_not_come_ends(sent: bytes) -> None:
    async with _serving() as server:
        client = await server.connect()
        await client.send(sent)
        await _eventually(lambda: server.registry.count == 1)
        server.later(HEAD_SECONDS - 1)
        assert server.registry.count == 1
        server.later(HEAD_SECONDS + 1)
        assert await client.rest() == b""


async def test_bytes_now_and_then_give_a_head_no_more_time() -> None:
    async with _serving() as server:
        client = await server.connect()
        await client.send(LIVE)
        await _eventually(lambda: server.registry.count == 1)
        server.later(HEAD_SECONDS - 1)
        await client.send(b"a: b\r\n")
        server.later(HEAD_SECONDS + 1)
        assert await client.rest() == b""


async def test_the_rest_of_a_body_that_nobody_reads_has_an_end() -> None:
    async with _serving() as server:
        client = await server.connect()
        await client.send(b"POST /analyze HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\nx")
        await client.head()
        await client.send(b"x")
        server.later(HEAD_SECONDS + 1)
        await client.rest()


async def test_a_request_under_way_has_the_time_that_it_needs() -> None:
    async with _serving() as server:
        server.answers.clear()
        client = await server.connect()
        await client.send(LIVE + b"\r\n")
        await _eventually(lambda: len(server.asked) == 1)
        server.later(1000)
        server.answers.set()
        assert (await client.head()).startswith(b"HTTP/1.1 200 ")


async def test_an_answer_that_is_not_read_is_given_up() -> None:
    async with _serving() as server:
        server.body = bytes(20 * 1024 * 1024)
        client = await server.connect()
        await client.send(LIVE + b"\r\n")
        await client.head()
        server.later(0)
        server.later(READ_SECONDS - 1)
        assert server.registry.count == 1
        server.later(READ_SECONDS + 1)
        assert len(await client.rest()) < len(server.body)
        assert server.registry.count == 0


async def test_an_answer_that_is_read_slowly_is_not_given_up() -> None:
    async with _serving() as server:
        server.body = bytes(20 * 1024 * 1024)
        client = await server.connect()
        await client.send(LIVE + b"\r\n")
        await client.head()
        async with asyncio.timeout(_WITHIN):
            for part in range(9):
                server.later(part * READ_SECONDS / 3)
                await client.reader.readexactly(2 * 1024 * 1024)


async def test_requests_that_queue_behind_one_have_a_limit() -> None:
    async with _serving() as server:
        server.answers.clear()
        client = await server.connect()
        await client.send((LIVE + b"\r\n") * 5000)
        await client.rest()
        assert len(server.asked) == 1


async def test_a_few_requests_that_queue_are_answered_in_order() -> None:
    async with _serving() as server:
        client = await server.connect()
        await client.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number for number in range(20)))
        for _ in range(20):
            await client.head()
            await client.reader.readuntil(b"0\r\n\r\n")
        assert server.asked == [f"/{number}" for number in range(20)]


async def test_silent_connections_make_room_for_new_ones_the_oldest_first() -> None:
    async with _serving(per_address=3) as server:
        silent = [await server.connect() for _ in range(3)]
        await _eventually(lambda: server.registry.count == 3)
        client = await server.connect()
        await client.send(LIVE + b"\r\n")
        assert (await client.head()).startswith(b"HTTP/1.1 200 ")
        assert await silent[0].rest() == b""
        assert server.registry.count == 3


async def test_connections_at_work_make_no_room() -> None:
    async with _serving(total=2) as server:
        server.answers.clear()
        working = [await server.connect() for _ in range(2)]
        for client in working:
            await client.send(LIVE + b"\r\n")
        await _eventually(lambda: len(server.asked) == 2)
        assert (await (await server.connect()).rest()).startswith(b"HTTP/1.1 503 ")
        server.answers.set()
        for client in working:
            assert (await client.head()).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("upgrade", [b"websocket", b"h2c"])
async def test_no_other_protocol_is_offered(upgrade: bytes) -> None:
    async with _serving() as server:
        client = await server.connect()
        await client.send(LIVE + b"Connection: Upgrade\r\nUpgrade: " + upgrade + b"\r\n\r\n")
        assert (await client.head()).startswith(b"HTTP/1.1 200 ")
