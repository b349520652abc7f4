"""A request's body is read to a limit, and no further; and it is waited for, but not for ever."""

import asyncio
from collections.abc import Iterable, Iterator
from itertools import repeat

import pytest
from starlette.requests import Request
from starlette.types import Message

from gateway.bodies_in_hand import BodiesInHand, Hold
from gateway.body import read_body
from gateway.problems import Problem
from tests.unit.skipping_loop import run_skipping

LIMIT = 10
TIMEOUT = 30.0
_MIB = 1024 * 1024


class _Connection:
    """What a client sends, chunk by chunk; counts how many were taken."""

    def __init__(self, chunks: Iterable[bytes], content_length: str | None = None) -> None:
        self._chunks: Iterator[bytes] = iter(chunks)
        self.taken = 0
        headers = [] if content_length is None else [(b"content-length", content_length.encode())]
        self.request = Request({"type": "http", "method": "POST", "headers": headers}, self._receive)

    async def _receive(self) -> Message:
        self.taken += 1
        chunk = next(self._chunks, None)
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}


async def _read(connection: _Connection, room: int = LIMIT) -> bytes:
    return await read_body(connection.request, LIMIT, Hold(BodiesInHand(room * 3 // 2 + 1), "key"), timeout=TIMEOUT)


async def _refused(connection: _Connection) -> Problem:
    with pytest.raises(Problem) as refused:
        await _read(connection)
    assert (refused.value.status, refused.value.type) == (413, "body_too_large")
    return refused.value


@pytest.mark.parametrize("chunks", [[], [b""], [b"0123456789"], [b"01234", b"", b"56789"]])
async def test_a_body_up_to_the_limit_is_read_whole(chunks: list[bytes]) -> None:
    assert await _read(_Connection(chunks)) == b"".join(chunks)


async def test_a_body_that_announces_more_is_refused_before_any_of_it_is_read() -> None:
    connection = _Connection([b"x"] * 11, content_length="11")
    await _refused(connection)
    assert connection.taken == 0


async def test_a_body_that_announces_nothing_is_refused_at_the_limit() -> None:
    connection = _Connection(b"xxxx" for _ in range(1000))
    await _refused(connection)
    assert connection.taken == 3


async def test_a_body_that_announces_less_than_it_has_is_refused_too() -> None:
    await _refused(_Connection([b"x" * 11], content_length="5"))


@pytest.mark.parametrize("nonsense", ["", "many", "-1", "1e9", "99999999999x"])
async def test_a_length_that_is_no_number_is_no_announcement(nonsense: str) -> None:
    assert await _read(_Connection([b"x"], content_length=nonsense)) == b"x"


async def test_the_connection_is_closed_or_the_rest_would_be_read_as_the_next_request() -> None:
    assert (await _refused(_Connection([b"x" * 11]))).headers["Connection"] == "close"


async def test_a_body_that_the_gateway_has_no_room_for_is_refused_when_the_room_is_full() -> None:
    connection = _Connection([b"xxx", b"xxx", b"xxx"])
    with pytest.raises(Problem) as refused:
        await _read(connection, room=5)
    assert (refused.value.status, refused.value.type) == (503, "overloaded")
    assert refused.value.headers == {"Retry-After": "2", "Connection": "close"}
    assert connection.taken == 2


class _SlowConnection(_Connection):
    """A client that pauses before each of its parts, and where it has no more of them says nothing, not even goodbye."""

    def __init__(self, parts: Iterable[tuple[float, bytes]], size: int) -> None:
        super().__init__(())
        self._parts, self._left = iter(parts), size

    async def _receive(self) -> Message:
        for pause, part in self._parts:
            await asyncio.sleep(pause)
            self._left -= len(part)
            return {"type": "http.request", "body": part, "more_body": self._left > 0}
        await asyncio.Event().wait()
        raise AssertionError("it never speaks again")


def _read_slowly(connection: _Connection, limit: int) -> tuple[int, float]:
    """How many bytes the body had, and how long it took in seconds."""

    async def read() -> tuple[int, float]:
        body = await read_body(
            connection.request, limit, Hold(BodiesInHand(limit * 3 // 2 + 1), "key"), timeout=TIMEOUT
        )
        return len(body), asyncio.get_running_loop().time()

    return run_skipping(read())


def _given_up(connection: _Connection, limit: int) -> tuple[Problem, float]:
    """What the client is told, and when in seconds."""

    async def read() -> tuple[Problem, float]:
        with pytest.raises(Problem) as refused:
            await read_body(connection.request, limit, Hold(BodiesInHand(limit * 3 // 2 + 1), "key"), timeout=TIMEOUT)
        return refused.value, asyncio.get_running_loop().time()

    return run_skipping(read())


@pytest.mark.parametrize("parts", [[], [(20.0, b"x")], [(14.0, b"x"), (14.0, b"x")]])
def test_a_body_that_stops_coming_is_given_up_so_long_after_its_last_part(parts: list[tuple[float, bytes]]) -> None:
    problem, after = _given_up(_SlowConnection(parts, size=8 * _MIB), 8 * _MIB)
    assert (problem.status, problem.type) == (408, "body_too_slow")
    assert after == sum(pause for pause, _ in parts) + TIMEOUT


def test_the_connection_of_a_body_that_is_given_up_is_closed_or_its_rest_would_be_the_next_request() -> None:
    problem, _ = _given_up(_SlowConnection([], size=1), _MIB)
    assert problem.headers == {"Connection": "close"}


@pytest.mark.parametrize("first", [1, 59 * _MIB])
def test_a_body_that_trickles_is_given_up_after_two_timeouts_however_much_of_it_came_at_once(first: int) -> None:
    parts = [(0.0, bytes(first)), *[(8.0, b"x")] * 300]
    problem, after = _given_up(_SlowConnection(parts, size=60 * _MIB), 60 * _MIB)
    assert (problem.status, problem.type) == (408, "body_too_slow")
    assert after == pytest.approx(2 * TIMEOUT, abs=0.1)


def test_a_body_that_keeps_the_pace_is_given_up_when_the_largest_would_be_here_at_32_kib_a_second() -> None:
    problem, after = _given_up(_SlowConnection(repeat((1.0, bytes(16 * 1024))), size=8 * _MIB), 8 * _MIB)
    assert (problem.status, problem.type) == (408, "body_too_slow")
    assert after == TIMEOUT + 8 * _MIB / (32 * 1024)


def test_a_sender_of_32_kib_a_second_gets_through_though_its_line_stalls_almost_as_long_as_it_may() -> None:
    size, part = 8 * _MIB, bytes(32 * 1024)
    parts = [(29.0 if second % 64 == 0 else 1.0, part) for second in range(256)]
    received, after = _read_slowly(_SlowConnection(parts, size), 2 * size)
    assert (received, after) == (size, 256 + 4 * 28.0)


def test_a_batch_of_200_mib_is_read_whole_from_a_client_of_32_kib_a_second_that_pauses() -> None:
    size, part = 200 * _MIB, bytes(25 * 32 * 1024)
    assert _read_slowly(_SlowConnection(repeat((25.0, part)), size), size) == (size, 6400.0)


def test_a_small_body_may_come_slower_than_a_large_one() -> None:
    assert _read_slowly(_SlowConnection(repeat((19.0, b"x")), 3), _MIB) == (3, 57.0)
