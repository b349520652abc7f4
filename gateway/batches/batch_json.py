"""Cuts the JSON of a batch into its filings', so that they are parsed one by one.

A parser holds Python's lock for as long as it is at one text, in whatever thread: at 200 MiB nobody else was answered
for a second. What is cut wrongly is not taken: the text is JSON where all of its parts are, wherever the cuts are.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

from gateway.json_tokens import NotTokens, tokens

_LIST = re.compile(rb"\s*+:\s*+\[")
_FAR = 1024
"""Bytes from the key within which its list is looked for: 200 MB of spaces there hold Python's lock for 190 ms."""
_KEY = b'"filings"'
_MOST_TOKENS = 100_000
"""500 filings with all of their fields have 31,000; of brackets alone, 200 MiB would take a minute."""


@dataclass(frozen=True, slots=True)
class CutBatch:
    """The text of a batch in parts.

    Attributes:
        rest: the text with a 0 in the place of each filing.
        spans: where each filing's text begins and ends.
        tokens: how many tokens each filing's text has, about.
    """

    rest: bytes
    spans: list[tuple[int, int]]
    tokens: list[int]


class _NotCut(Exception):
    """The text is none that can be cut."""


def cut(body: bytes) -> CutBatch | None:
    """The parts; None if the text is of another shape than a batch's. It belongs in a thread.

    Raises:
        TooManyTokens: there is more in it than a batch has.
    """
    try:
        cuts, numbers = _cuts(body)
    except (_NotCut, NotTokens):
        return None
    spans = [(before + 1, after) for before, after in pairwise(cuts)]
    if len(spans) == 1 and not body[slice(*spans[0])].strip():
        spans = []
    rest = body[: cuts[0] + 1] + b",".join([b"0"] * len(spans)) + body[cuts[-1] :]
    return CutBatch(rest, spans, [after - before for before, after in pairwise(numbers)])


def _cuts(body: bytes) -> tuple[list[int], list[int]]:
    """Where the only list of filings begins, where it is parted, and where it ends; and of which tokens."""
    cuts: list[int] = []
    numbers: list[int] = []
    depth, is_over = 0, False
    for number, (begin, end) in enumerate(tokens(body, _MOST_TOKENS)):
        token = body[begin:end] if end - begin <= len(_KEY) else b""
        if token == _KEY and depth == 1 and (found := _LIST.match(body, end, end + _FAR)):
            if cuts:
                raise _NotCut
            cuts.append(found.end() - 1)
            numbers.append(number)
        elif token in (b"{", b"["):
            depth += 1
        elif token in (b"}", b"]"):
            depth -= 1
        if cuts and not is_over and token in (b",", b"]") and begin > cuts[-1]:
            is_over = depth == 1
            if is_over or (depth == 2 and token == b","):
                cuts.append(begin)
                numbers.append(number)
    if not is_over:
        raise _NotCut
    return cuts, numbers
