"""Cuts the JSON of a batch into its filings', so that they are parsed one by one.

A parser holds Python's lock for as long as it is at one text, in whatever thread: at 200 MiB nobody else was answered
for a second. What is cut wrongly is not taken: the text is JSON where all of its parts are, wherever the cuts are.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

_WINDOW = 256 * 1024
"""Bytes that are looked at without letting go of the lock: a millisecond."""
_QUOTE = re.compile(b'"')
_STRUCTURE = re.compile(rb'["\[\]{},]')
_ESCAPES_END = re.compile(rb"\\*+.?", re.DOTALL)
_LIST = re.compile(rb"\s*:\s*\[")
_KEY = b'"filings"'
_MOST_TOKENS = 200_000
"""More than 500 filings with all of their fields have; of brackets alone, 200 MiB would take a minute."""


@dataclass(frozen=True, slots=True)
class CutBatch:
    """The text of a batch in parts.

    Attributes:
        rest: the text with a 0 in the place of each filing.
        spans: where each filing's text begins and ends.
    """

    rest: bytes
    spans: list[tuple[int, int]]


class _NotCut(Exception):
    """The text is none that can be cut."""


def cut(body: bytes) -> CutBatch | None:
    """The parts; None where the text is of another shape than a batch's. It belongs in a thread."""
    try:
        cuts = _cuts(body)
    except _NotCut:
        return None
    spans = [(before + 1, after) for before, after in pairwise(cuts)]
    if len(spans) == 1 and not body[slice(*spans[0])].strip():
        spans = []
    return CutBatch(body[: cuts[0] + 1] + b",".join([b"0"] * len(spans)) + body[cuts[-1] :], spans)


def _cuts(body: bytes) -> list[int]:
    """Where the only list of filings begins, where it is parted, and where it ends."""
    cuts: list[int] = []
    depth, is_over = 0, False
    for number, (begin, end) in enumerate(_tokens(body)):
        token = body[begin:end] if end - begin <= len(_KEY) else b""
        if number > _MOST_TOKENS:
            raise _NotCut
        if token == _KEY and depth == 1 and (found := _LIST.match(body, end)):
            if cuts:
                raise _NotCut
            cuts.append(found.end() - 1)
        elif token in (b"{", b"["):
            depth += 1
        elif token in (b"}", b"]"):
            depth -= 1
        if cuts and not is_over and token in (b",", b"]") and begin > cuts[-1]:
            is_over = depth == 1
            if is_over or (depth == 2 and token == b","):
                cuts.append(begin)
    if not is_over:
        raise _NotCut
    return cuts


def _tokens(body: bytes) -> Iterator[tuple[int, int]]:
    """Where each string, bracket and comma begins and ends."""
    opened: int | None = None
    for offset, window in _windows(body):
        position = 0
        while found := _STRUCTURE.search(window, position) if opened is None else _QUOTE.search(window, position):
            position = found.end()
            if opened is not None:
                yield opened, offset + position
                opened = None
            elif found[0] == b'"':
                opened = offset + found.start()
            else:
                yield offset + found.start(), offset + position
    if opened is not None:
        raise _NotCut


def _windows(body: bytes) -> Iterator[tuple[int, bytes]]:
    """The text piece by piece, with other signs in the place of what is escaped, so that each quote is one."""
    position = 0
    while position < len(body):
        end = position + _WINDOW
        if body[end - 1 : end] == b"\\" and (rest := _ESCAPES_END.match(body, end)):
            end = rest.end()
        window = body[position:end]
        if b"\\" in window:
            window = window.replace(b"\\\\", b"__").replace(b'\\"', b"__")
        yield position, window
        position = end
