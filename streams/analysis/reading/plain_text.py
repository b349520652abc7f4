"""Paragraphs of preformatted text: a filing of the 1990s, or `<pre>` inside HTML."""

import re

from streams.analysis.reading.blocks import INVISIBLE, Block, Layout, Piece, collapse

Line = list[Piece]

_PAGE_MARK = re.compile(r"<page>|\f", re.IGNORECASE)
_TEXT_TAG = re.compile(r"</?(?:table|caption|s|c|fn|page|f\d+)>|<!--.{0,500}?-->", re.IGNORECASE)
_RULE = re.compile(r"\s*(?:- )?[-=_~*\u2014\u2013]{3,}[-=_~*\s\u2014\u2013]*\Z")
_BULLET = re.compile(r"\s*(?:[\u2022\u25cf\u25aa\u00b7*o-]|\(?[ivx\d]{1,3}[.)]|\([a-z]\))\s+\S")
_HEADING_START = re.compile(r"\s*(?:part\s+[iv]{1,3}\b|items?\s*\(?\d)", re.IGNORECASE)
_FULL_LINE = 55
"""Characters: prose that wraps fills its lines to more than this (EDGAR's lines have 80)."""
_INDENTED = 2


def text_to_layout(text: str) -> Layout:
    """The paragraphs of a plain-text filing."""
    if not text.isascii():
        text = INVISIBLE.sub("", text)
    layout = Layout()
    lines_to_blocks([[(None, line, False)] for line in text.split("\n")], layout)
    return layout


def lines_to_blocks(lines: list[Line], layout: Layout, *, into: Block | None = None) -> None:
    """Join lines to paragraphs and append them to the layout.

    A paragraph ends at a blank line, a page mark, a line of dashes, a bullet, the start of an item, and an indented
    line after a finished sentence. `into` gives what all of them have in common (container, row, cell).
    """
    paragraph: list[Line] = []
    previous = ""

    def end(*, ruled: bool = False) -> None:
        nonlocal previous
        if paragraph:
            layout.add(_block(paragraph, layout, into, ruled=ruled))
            paragraph.clear()
        previous = ""

    for line in lines:
        raw = "".join(piece[1] for piece in line)
        if "<" in raw or "\f" in raw:
            if _PAGE_MARK.search(raw):
                end()
                layout.pages += 1
            if line[0][0] is None:
                raw = _TEXT_TAG.sub(" ", raw)
                line = [(None, raw, False)]  # noqa: PLW2901
        if not raw.strip():
            end()
        elif _RULE.match(raw):
            end(ruled=True)
        else:
            if paragraph and _starts_paragraph(raw, previous):
                end()
            paragraph.append(line)
            previous = raw
    end()


def _starts_paragraph(line: str, previous: str) -> bool:
    if _BULLET.match(line):
        return True
    finished = previous.rstrip().endswith((".", ":", "!", "?")) or previous.rstrip()[-1:].isdigit()
    if _HEADING_START.match(line):
        return finished or len(previous.strip()) < _FULL_LINE
    indent, before = _indent(line), _indent(previous)
    return finished and indent >= before + _INDENTED and len(previous.strip()) > 0


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
