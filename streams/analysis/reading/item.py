"""The first step: from the bytes of a filing to its Item 1A."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from streams.analysis.reading.blocks import Block, Layout, collapse
from streams.analysis.reading.cover import detect_form
from streams.analysis.reading.document import Document, open_document
from streams.analysis.reading.filing import Filing
from streams.analysis.reading.foreign import locate_in_foreign_report
from streams.analysis.reading.index import locate_by_index
from streams.analysis.reading.kinds import exhibit, hint, other_form
from streams.analysis.reading.layout import flatten, open_table, parse
from streams.analysis.reading.locate import Span, locate_numbered
from streams.analysis.reading.model import Item1A, Run, Status, TextBlock
from streams.analysis.reading.one_line import is_one_line
from streams.analysis.reading.plain_text import text_to_layout
from streams.analysis.reading.segment import segment
from streams.analysis.reading.styles import Style, Styles

_SHARES = (0.4, 1.0)
"""Of a document that are parsed: all of it only where the first part does not settle where Item 1A is."""


_FEWEST_GIVEN = 2
"""Risk factors that a company gives which need not: one may be a heading of its excuse."""


_FEWEST_BLOCKS = 5
"""Paragraphs of a document; one of so few with the length of a report has lost its tags."""


class _Part(NamedTuple):
    """A block of the item, from character `skip` of its text on."""

    block: Block
    skip: int
    is_furniture: bool


def read_item_1a(document: bytes, *, form: str | None = None) -> Item1A:
    """Find Item 1A, Risk Factors, in a filing (HTML, plain text, or a full SGML submission).

    In a 10-Q that is Item 1A of Part II, in a 20-F Item 3.D. `form` overrides the form that is detected.
    Raises UnreadableDocument where the bytes are no such document.
    """
    opened = open_document(document)
    filing = Filing(_layout(opened))
    other = other_form(opened.form, filing.blocks)
    exhibit_number = exhibit(opened.form, filing.blocks)
    form = other or form or opened.form or detect_form(filing.blocks)
    status, span = ("not_found", None) if other else _locate(filing, form, is_exhibit=bool(exhibit_number))
    if span is None:
        reason = hint(opened.data, filing.blocks, form=form, other=other, exhibit_number=exhibit_number)
        return Item1A(status, form, "", "", hint=reason)
    text, blocks = _styled(_inside(filing, span), filing.styles)
    item = Item1A(status, form, span.title, text, blocks)
    return _given_all_the_same(item) if status == "not_required" else item


def _given_all_the_same(item: Item1A) -> Item1A:
    """The item as found if it says that risk factors are not required and then has some."""
    found = replace(item, status="found")
    return found if len(segment(found)) >= _FEWEST_GIVEN else item


def _layout(document: Document) -> Layout:
    if not document.is_html:
        return text_to_layout(document.data.decode("utf-8", "replace"))
    layout = Layout()
    for share in _SHARES:
        root = parse(document.data[: int(share * len(document.data))])
        layout = Layout() if root is None else flatten(root, _is_settled)
        if layout.settled:
            break
    if len(layout.blocks) <= _FEWEST_BLOCKS and is_one_line(text := " ".join(block.text for block in layout.blocks)):
        return text_to_layout(text)
    return layout


def _is_settled(layout: Layout) -> bool:
    """Whether the blocks so far hold Item 1A, closed by an item that may follow it.

    Then the rest of the filing, most of it financial statements, need not be parsed and flattened: half of the time.
    """
    status, span = locate_numbered(Filing(layout))
    return status == "found" and span is not None and span.ends_in_part_one


def _locate(filing: Filing, form: str, *, is_exhibit: bool) -> tuple[Status, Span | None]:
    if form.upper().startswith("20-F"):
        return locate_in_foreign_report(filing)
    status, span = locate_numbered(filing)
    return (status, span) if span is not None or is_exhibit else locate_by_index(filing)


def _inside(filing: Filing, span: Span) -> list[_Part]:
    """The blocks of the span, its closed tables opened, without page furniture after the last of its text."""
    parts = []
    for index in range(span.first, span.end):
        block, is_furniture = filing.blocks[index], index in filing.furniture
        if block.table is not None:
            parts += [_Part(inner, 0, is_furniture) for inner in open_table(block)]
        else:
            parts.append(_Part(block, span.offset if index == span.first else 0, is_furniture))
    while parts and parts[-1].is_furniture:
        parts.pop()
    return parts


def _styled(parts: Sequence[_Part], styles: Styles) -> tuple[str, tuple[TextBlock, ...]]:
    """The item's text, and its blocks with the style of every stretch of it."""
    texts: list[str] = []
    result = []
    position = 0
    for block, skip, is_furniture in parts:
        text = block.text[skip:].lstrip()
        if not text:
            continue
        runs = tuple(_runs(block, len(block.text) - len(text), position, styles))
        result.append(
            TextBlock(
                start=position,
                end=position + len(text),
                runs=runs,
                row=block.row,
                cell=block.cell,
                page=block.page,
                anchor=block.anchor,
                preformatted=block.preformatted,
                indent=block.indent,
                ruled=block.ruled,
                listed=block.container is not None and block.container.tag == "li",
                furniture=is_furniture,
            )
        )
        texts.append(text)
        position += len(text) + 1
    return " ".join(texts), tuple(result)


def _runs(block: Block, skip: int, start: int, styles: Styles) -> Iterator[Run]:
    """The runs of a block's text from character `skip` on, placed at `start` in the item's text."""
    at = 0
    space_before = False
    current: tuple[int, int, Style] | None = None
    for element, raw, after in block.pieces:
        words = collapse(raw)
        if not words:
            space_before = space_before or bool(raw)
            continue
        space = 1 if at and (space_before or raw[0].isspace()) else 0
        space_before = raw[-1].isspace()
        begin, at = at, at + space + len(words)
        if at <= skip:
            continue
        style = styles.of(element, after=after)
        low, high = max(begin, skip) - skip + start, at - skip + start
        if current is not None and current[2] == style:
            current = (current[0], high, style)
        else:
            if current is not None:
                yield Run(*current)
            current = (low, high, style)
    if current is not None:
        yield Run(*current)
