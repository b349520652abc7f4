"""Finds the strings, brackets and commas of a JSON text without parsing it, window by window.

A parser holds Python's lock for as long as it is at one text, in whatever thread, and makes an object of each `{}`.
This scan lets go of the lock between two windows, makes no objects, and stops at a number of tokens.
"""

import re
from collections.abc import Iterator

_WINDOW = 256 * 1024
"""Bytes that are searched without letting go of the lock: a millisecond."""
_QUOTE = re.compile(b'"')
_STRUCTURE = re.compile(rb'["\[\]{},]')


class TooManyTokens(ValueError):
    """The text has more tokens than the caller takes."""


class NotTokens(ValueError):
    """The text ends within a string."""


def tokens(body: bytes, limit: int) -> Iterator[tuple[int, int]]:
    """Where each string, bracket and comma begins and ends.

    Raises:
        TooManyTokens: it has more than `limit`.
        NotTokens: it ends within a string.
    """
    count = 0
    opened: int | None = None
    for offset, window in _windows(body):
        position = 0
        while found := _STRUCTURE.search(window, position) if opened is None else _QUOTE.search(window, position):
            position = found.end()
            if opened is None and found[0] == b'"':
                opened = offset + found.start()
                continue
            count += 1
            if count > limit:
                raise TooManyTokens
            begin, opened = (offset + found.start() if opened is None else opened), None
            yield begin, offset + position
    if opened is not None:
        raise NotTokens


def _windows(body: bytes) -> Iterator[tuple[int, bytes]]:
    """The text piece by piece, with other signs in the place of what is escaped, so that each quote is one."""
    position = 0
    while position < len(body):
        window = body[position : position + _WINDOW]
        # Of a run of backslashes each second one escapes; a window never begins with an escaped sign.
        if (len(window) - len(window.rstrip(b"\\"))) % 2 and len(window) > 1:
            window = window[:-1]
        offset, position = position, position + len(window)
        if b"\\" in window:
            window = window.replace(b"\\\\", b"__").replace(b'\\"', b"__")
        yield offset, window
