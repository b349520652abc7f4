"""What the layout of a filing is flattened to: paragraphs in reading order."""

import re
from dataclasses import dataclass, field

from lxml.etree import _Element

from streams.analysis.reading.errors import UnreadableDocument

MAX_BLOCKS = 100_000
"""Paragraphs. Filings of 4 MB have fewer than 3,000; each costs up to 40 microseconds until the end."""

INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
"""Soft hyphens, zero-width spaces and marks: no reader sees them, and "Risk\u200bFactors" would not be found."""

_WHITE_SPACE = re.compile(r"\s")
_LONG = 1_000_000

Piece = tuple[_Element | None, str, bool]
"""A stretch of raw text, the element it stands in or (True) after; no element in plain text."""


@dataclass(slots=True)
class Block:
    """A paragraph, a heading line, or a paragraph of a table cell.

    `row` and `cell` number the table row and the cell it stands in, 0 outside of tables. `table` is set for a
    table that was not looked into: its text is run together and `pieces` are empty.
    """

    text: str
    pieces: list[Piece]
    container: _Element | None = None
    row: int = 0
    cell: int = 0
    page: int = 0
    anchor: str | None = None
    """The nearest anchor id at or before it."""
    link: str | None = None
    """The anchor id that a link in it points to."""
    table: _Element | None = None
    preformatted: bool = False
    indent: int = 0
    """Leading blanks of the first line of preformatted text."""
    ruled: bool = False
    """A line of dashes stands under it: how plain text underlines."""


@dataclass(slots=True)
class Layout:
    """A flattened document, and the counters of the walk that makes it."""

    blocks: list[Block] = field(default_factory=list)
    rows: int = 0
    pages: int = 0
    anchor: str | None = None
    css: list[str] = field(default_factory=list)
    """The document's style sheets."""
    settled: bool = False
    """The walk ended early: what comes after is not needed."""

    def add(self, block: Block) -> None:
        """Append a block; raises UnreadableDocument (`too_many_elements`)."""
        if len(self.blocks) >= MAX_BLOCKS:
            raise UnreadableDocument("too_many_elements", f"The document has more than {MAX_BLOCKS} paragraphs.")
        self.blocks.append(block)


def collapse(raw: str) -> str:
    """The text with every stretch of white space made one blank.

    A long one in parts: `str.split` makes an object of each word, a gigabyte of a hostile document.
    """
    if len(raw) <= _LONG:
        return " ".join(raw.split())
    parts = []
    start = 0
    while start < len(raw):
        blank = _WHITE_SPACE.search(raw, start + _LONG)
        end = blank.start() if blank else len(raw)
        parts.append(" ".join(raw[start:end].split()))
        start = end
    return " ".join(filter(None, parts))
