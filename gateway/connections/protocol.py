"""uvicorn's HTTP/1.1 connection with limits: bytes of a head, seconds of a head and of reading, requests that queue."""

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar, cast

import httptools
import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.connections.registry import Registry
from gateway.problems import MEDIA_TYPE

_PER_HEADER = 32
"""Bytes that each header counts beyond its own, as in RFC 9113, 6.5.2: a thousand empty ones need memory, too."""
_MAX_HEADER_BYTES = 16 * 1024
"""Bytes of one header. The parsers behind this one read a value several times over."""
_FEED_BYTES = 16 * 1024
"""Bytes that the parser gets at a time. What it keeps of an unfinished header is counted between two of them only."""
_MAX_QUEUED = 32
"""Requests of a connection that wait for the answer of one before: a read of 256 KiB may hold 8,000 of them."""
_READ_STEP = 32 * 1024
"""Bytes that a client must read within the read timeout: a slow line does, a client that reads nothing does not."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What connections may do, and which there are.

    Attributes:
        head_bytes: bytes of a request's line and headers, and of a body's trailers.
        head_seconds: seconds for a head to come.
        read_seconds: seconds within which a client must read some of an answer.
    """

    registry: Registry
    head_bytes: int
    head_seconds: float
    read_seconds: float


class GuardedProtocol(HttpToolsProtocol):
    """One connection. The registry's `check` ends it when it is late: a timer for each request would cost more."""

    guard: ClassVar[Guard]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        super().connection_made(cast("asyncio.Transport", transport))
        self._address = self.client[0] if self.client else ""
        self._waits_since: float | None = self.loop.time()
        self._head_bytes = 0
        self._unparsed = 0
        self._is_refused = False
        self._unread: tuple[float, int] | None = None
        if not self.guard.registry.open(self._address, self):
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "overloaded", "The gateway has as many connections as it may.")

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self.guard.registry.close(self._address, self)
        super().connection_lost(exc)

    def give_up(self) -> None:
        """See `Connection`."""
        # Not `close`, which waits until the client has read what is written.
        self.transport.abort()

    def check(self, now: float) -> None:
        """See `Connection`."""
        self._check_reading(now)
        is_late = self._waits_since is not None and now - self._waits_since > self.guard.head_seconds
        if is_late and self._unread is None and not self.transport.is_closing():
            self.transport.close()

    def _check_reading(self, now: float) -> None:
        size = self.transport.get_write_buffer_size()
        if not size:
            self._unread = None
            if self.transport.is_closing():
                self.give_up()
        elif self._unread is None or size <= self._unread[1] - _READ_STEP:
            self._unread = (now, size)
        elif now - self._unread[0] > self.guard.read_seconds:
            self.give_up()

    def resume_writing(self) -> None:
        """See `asyncio.Protocol`."""
        self._unread = None
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self._unset_keepalive_if_required()
        if len(data) <= _FEED_BYTES:
            self._feed(data)
            return
        whole = memoryview(data)
        for start in range(0, len(data), _FEED_BYTES):
            self._feed(whole[start : start + _FEED_BYTES])

    def _feed(self, data: bytes | memoryview) -> None:
        if self._is_refused:
            return
        self._unparsed += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # No protocol is offered beside HTTP/1.1: the request is answered as if it had not asked.
            pass
        except httptools.HttpParserError:
            self._refuse(HTTPStatus.BAD_REQUEST, "bad_request", "This is not a valid HTTP/1.1 request.")
            return
        # The parser keeps a header until its end, and reads past a chunk's extension: neither needs to have one.
        if self._head_bytes + self._unparsed > self.guard.head_bytes:
            self._refuse_head()

    # The parser's callbacks, in the order of a request.

    def on_message_begin(self) -> None:
        """A request begins."""
        self._head_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A part of the request's target."""
        self._count(len(url))
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a body's trailer."""
        size = len(name) + len(value)
        if size > _MAX_HEADER_BYTES:
            self._refuse_head()
        self._count(size + _PER_HEADER)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The request can be answered."""
        self._unparsed = 0
        if self._is_refused:
            return
        if len(self.pipeline) >= _MAX_QUEUED:
            self._is_refused = True
            self.give_up()
            return
        self._waits_since = None
        self.guard.registry.works(self._address, self)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the request's body."""
        self._unparsed = 0
        if not self._is_refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request's body is here."""
        self._unparsed = 0
        if not self._is_refused:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer is written."""
        super().on_response_complete()
        # `cycle` is of the newest request: those before it are answered first.
        if self.cycle.response_complete:
            # Also while the rest of a body comes that nobody reads: without an end, a client could send on for ever.
            self._waits_since = self.loop.time()
            if not self.transport.is_closing():
                self.guard.registry.waits(self._address, self)

    def _count(self, size: int) -> None:
        self._unparsed = 0
        self._head_bytes += size
        if self._head_bytes > self.guard.head_bytes and not self._is_refused:
            self._refuse_head()

    def _refuse_head(self) -> None:
        limit = f"{self.guard.head_bytes} bytes, {_MAX_HEADER_BYTES} of them in one header"
        detail = f"The request's line and headers are over the limit of {limit}."
        self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "head_too_large", detail)

    def _refuse(self, status: HTTPStatus, type_: str, detail: str) -> None:
        """Answer without the application, and close."""
        if self._is_refused:
            return
        self._is_refused = True
        if self.cycle is not None and not self.cycle.response_complete:
            # An answer in the midst of another would be read as a part of it.
            self.give_up()
            return
        document = {
            "type": f"urn:sigmak:problem:{type_}", "title": status.phrase, "status": int(status), "detail": detail,
        }  # fmt: skip
        body = orjson.dumps(document)
        head = (
            f"HTTP/1.1 {int(status)} {status.phrase}\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\n"
        )
        self.transport.write(head.encode() + b"connection: close\r\n\r\n" + body)
        self.transport.close()


def guarded(guard: Guard) -> type[GuardedProtocol]:
    """The protocol of the connections under one guard."""
    return type("GuardedProtocol", (GuardedProtocol,), {"guard": guard})
