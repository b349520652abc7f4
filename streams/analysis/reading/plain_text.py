"""Paragraphs of preformatted text: a filing of the 1990s, or `<pre>` inside HTML."""

import re

from streams.analysis.reading.blocks import INVISIBLE, Block, Layout, Piece, collapse
from streams.analysis.reading.one_line import is_one_line, is_unwrapped, parted
from streams.analysis.reading.wording import breaks_off, connects, names_a_group, states_a_risk

Line = list[Piece]

_PAGE_MARK = re.compile(r"<page>|\f", re.IGNORECASE)
_TEXT_TAG = re.compile(r"</?(?:table|caption|s|c|fn|page|f\d+)>", re.IGNORECASE)
_RULE = re.compile(r"\s*+(?:- )?+[-=_~*\u2014\u2013]{3,}+[-=_~*\s\u2014\u2013]*+\Z")
_BULLET = re.compile(r"\s*(?:[\u2022\u25cf\u25aa\u00b7*o]|--?|>>?|\(?[ivx\d]{1,3}[.)]|\([a-z]\))\s+\S")
_HEADING_START = re.compile(r"\s*(?:part\s+[iv]{1,3}\b|items?\s*\(?\d)", re.IGNORECASE)
_PAGE_LINE = re.compile(r"(?:[ \t]{20,120}-?[ ]?\d{1,3}[ ]?-?|[ \t]{0,120}-[ ]?\d{1,3}[ ]?-)[ \t]{0,80}\Z")
"""A page number on a line of its own, also between two lines of a paragraph."""

_FULL_LINE = 55
"""Characters: prose that wraps fills its lines to more than this (EDGAR's lines have 80)."""
_INDENTED = 2


def text_to_layout(text: str) -> Layout:
    """The paragraphs of a plain-text filing."""
    if not text.isascii():
        text = INVISIBLE.sub("", text)
    if is_one_line(text):
        text = parted(text)
    elif is_unwrapped(text):
        text = text.replace("\n", "\n\n")
    layout = Layout()
    lines_to_blocks([[(None, line, False)] for line in text.split("\n")], layout)
    return layout


def lines_to_blocks(lines: list[Line], layout: Layout, *, into: Block | None = None) -> None:
    """Join lines to paragraphs and append them to the layout.

    A paragraph ends at a blank line, a page mark or number, a line of dashes, a bullet, the start of an item, and an
    indented line after a finished sentence. `into` gives what all of them have in common (container, row, cell).
    """
    paragraphs = _Paragraphs(layout, into)
    for line in lines:
        raw = "".join(piece[1] for piece in line)
        if "<" in raw or "\f" in raw:
            if _PAGE_MARK.search(raw):
                paragraphs.end()
                layout.pages += 1
            if line[0][0] is None:
                raw = _TEXT_TAG.sub(" ", _without_comments(raw))
                line = [(None, raw, False)]  # noqa: PLW2901
        paragraphs.take(line, raw)
    paragraphs.end()


def _without_comments(line: str) -> str:
    """The line without the comments that begin and end in it, each of them replaced by a blank."""
    kept, start = [], 0
    while (begin := line.find("<!--", start)) >= 0 and (end := line.find("-->", begin + 4)) >= 0:
        kept += [line[start:begin], " "]
        start = end + 3
    return "".join([*kept, line[start:]])


class _Paragraphs:
    """The lines of the paragraph that is not yet at its end."""

    def __init__(self, layout: Layout, into: Block | None) -> None:
        self.layout = layout
        self.into = into
        self.lines: list[Line] = []
        self.previous = ""

    def end(self, *, ruled: bool = False) -> None:
        """Append the paragraph to the layout, if there is one."""
        if self.lines:
            self.layout.add(_block(self.lines, self.layout, self.into, ruled=ruled))
            self.lines.clear()
        self.previous = ""

    def take(self, line: Line, raw: str) -> None:
        """Add a line, to the paragraph or to a new one."""
        if not raw.strip():
            self.end()
        elif _RULE.match(raw):
            self.end(ruled=True)
        elif _PAGE_LINE.match(raw):
            self.end()
            self._add(line, raw)
            self.end()
        else:
            titled = len(self.lines) == 1 and _is_title_above(self.previous, raw)
            if self.lines and (titled or _starts_paragraph(raw, self.previous)):
                self.end()
            self._add(line, raw)

    def _add(self, line: Line, raw: str) -> None:
        self.lines.append(line)
        self.previous = raw


def _starts_paragraph(line: str, previous: str) -> bool:
    if _BULLET.match(line):
        return True
    finished = previous.rstrip().endswith((".", ":", "!", "?")) or previous.rstrip()[-1:].isdigit()
    if _HEADING_START.match(line):
        return finished or len(previous.strip()) < _FULL_LINE
    if not finished or not previous.strip():
        return False
    broke_off = len(previous.strip()) + len(line.split(maxsplit=1)[0]) < _FULL_LINE
    return broke_off or _indent(line) >= _indent(previous) + _INDENTED


def _is_title_above(first: str, line: str) -> bool:
    """Whether a paragraph's first line is a group's title that no empty line parts from the heading under it."""
    title = first.strip()
    return (
        len(title) < _FULL_LINE
        and not line.lstrip()[:1].islower()
        and not connects(line.strip())
        and (_indent(line) != _indent(first) or states_a_risk(line.strip()))
        and names_a_group(title)
        and not breaks_off(title)
    )


def _indent(line: str) -> int:
    expanded = line.expandtabs()
    return len(expanded) - len(expanded.lstrip())


def _block(paragraph: list[Line], layout: Layout, into: Block | None, *, ruled: bool) -> Block:
    pieces: list[Piece] = []
    for line in paragraph:
        pieces.extend(line)
        pieces.append((line[-1][0], "\n", line[-1][2]))
    raw = "".join(piece[1] for piece in pieces)
    block = Block(collapse(raw), pieces, page=layout.pages, anchor=layout.anchor, preformatted=True)
    block.indent = _indent("".join(piece[1] for piece in paragraph[0]))
    block.ruled = ruled
    if into is not None:
        block.container, block.row, block.cell = into.container, into.row, into.cell
    return block
