"""A request's body is read to a limit, and no further."""

from collections.abc import Iterable, Iterator

import pytest
from starlette.requests import Request
from starlette.types import Message

from gateway.bodies_in_hand import BodiesInHand, Hold
from gateway.body import read_body
from gateway.problems import Problem

LIMIT = 10


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
    return await read_body(connection.request, LIMIT, Hold(BodiesInHand(room)))


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
