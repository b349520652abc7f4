"""Unpacks a request's body that was sent compressed, to a limit: a few bytes may claim to be gigabytes."""

import io
import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import BinaryIO, Protocol

from gateway.bodies_in_hand import Hold, Overloaded
from gateway.body import overloaded
from gateway.gzip_members import GzipMembers
from gateway.problems import Problem

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_STEP = 1024 * 1024
"""What is unpacked before the size is looked at again."""

_ZSTD_WINDOW_LOG = 23
"""RFC 9659: a window of 8 MiB at most, so that a frame's header can't ask for gigabytes of memory."""

_MAX_FRAMES = 10_000
"""Each costs 6 to 13 microseconds to set up however empty it is: 60 MB of empty ones would take a minute."""

_MOST_SECONDS = 3.0
"""Of processor time: ten times what 200 MB of filings take. 60 MB of empty blocks with a code table each take 5 s."""


class _Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _TooSlow(Exception):
    """It takes longer to unpack than any content of this size."""


class _Packed(io.BytesIO):
    """The packed body, which its reader asks for piece by piece, also while there is no content in it."""

    def __init__(self, body: bytes) -> None:
        super().__init__(body)
        self._end = time.thread_time() + _MOST_SECONDS

    def read(self, size: int | None = -1, /) -> bytes:
        if time.thread_time() > self._end:
            raise _TooSlow
        return super().read(size)


@dataclass(frozen=True, slots=True)
class _Coding:
    open: Callable[[BinaryIO], _Stream]
    frame_starts: tuple[bytes, ...]
    """What each frame has near its start, those without content included."""


_GZIP = _Coding(GzipMembers, (b"\x1f\x8b\x08",))
_ZSTD = _Coding(
    lambda packed: zstd.ZstdFile(packed, options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG}),
    (b"\x28\xb5\x2f\xfd", b"\x2a\x4d\x18"),
)
_CODINGS = {"gzip": _GZIP, "x-gzip": _GZIP, "zstd": _ZSTD}
CONTENT_ENCODINGS = ("gzip", "zstd")
"""Those that are offered; `x-gzip` is an old name, which RFC 9110 asks to take as well."""


def check_content_encoding(content_encoding: str) -> None:
    """Refuse what `unpacked` can't unpack.

    Raises:
        Problem: 415 where the encoding is not known, or more than one was applied.
    """
    if content_encoding and content_encoding not in _CODINGS:
        offered = ", ".join(CONTENT_ENCODINGS)
        detail = f"The Content-Encoding of the request is not known. Send one of {offered}, or none."
        headers = {"Accept-Encoding": offered}
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_encoding", detail, headers=headers)


def unpacked(body: bytes, content_encoding: str, limit: int, hold: Hold) -> bytes:
    """The body's content; up to a second of work for one of the largest, so it belongs in a thread.

    Args:
        body: as it came.
        content_encoding: one that `check_content_encoding` let pass.
        limit: bytes that the content may have; not more than this and a step are ever unpacked.
        hold: takes each step, as `read_body` does.

    Raises:
        Problem: 400 where the body is not what its encoding says, 413 where its content is over the limit, 503 where
            the gateway has no room for it.
    """
    coding = _CODINGS[content_encoding]
    if not body or sum(_count(body, start) for start in coding.frame_starts) > _MAX_FRAMES:
        raise _broken(content_encoding)
    # Not joined at the end: to copy 200 MiB at once holds Python's lock for 80 ms.
    content = io.BytesIO()
    size = 0
    try:
        stream = coding.open(_Packed(body))
        while step := stream.read(_STEP):
            size += len(step)
            if size > limit:
                raise _too_large(limit)
            hold.take(len(step))
            content.write(step)
    except Overloaded as error:
        raise overloaded() from error
    except (_TooSlow, OSError, EOFError, zlib.error, zstd.ZstdError) as error:
        raise _broken(content_encoding) from error
    return content.getvalue()


def _count(body: bytes, part: bytes) -> int:
    """How often a part is in the body; step by step, between which others get Python's lock."""
    beyond = len(part) - 1
    return sum(body.count(part, begin, begin + _STEP + beyond) for begin in range(0, len(body), _STEP))


def _broken(content_encoding: str) -> Problem:
    detail = f"The request body is not valid {content_encoding}, which its Content-Encoding says it is."
    return Problem(HTTPStatus.BAD_REQUEST, "broken_encoding", detail)


def _too_large(limit: int) -> Problem:
    detail = f"The request body unpacks to more than the limit of {limit} bytes."
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", detail)
