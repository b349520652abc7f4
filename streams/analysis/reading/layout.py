"""Flatten HTML into paragraphs in reading order.

This walks the whole filing, so it is written for speed: text is only gathered; styles are looked up
later, for the few blocks of Item 1A (`styles.py`), and tables that cannot hold a heading stay closed.
"""

import re
from collections.abc import Callable, Iterator

from lxml import etree
from lxml.etree import _Element

from streams.analysis.reading.blocks import INVISIBLE, Block, Layout, Piece, collapse
from streams.analysis.reading.errors import UnreadableDocument
from streams.analysis.reading.plain_text import Line, lines_to_blocks

BREAK = "\u2028"
"""Stands for `<br>`: white space to `str.split`, and not found in filings."""

_SECTION_TAGS = ("address", "article", "aside", "footer", "form", "header", "html", "body", "main", "nav", "section")
_TEXT_TAGS = ("blockquote", "caption", "center", "div", "fieldset", "figure", "hr", "p", "page", "pre", "xmp")
_HEADING_TAGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_LIST_TAGS = ("dd", "dir", "dl", "dt", "li", "menu", "ol", "ul")
_TABLE_TAGS = ("table", "tbody", "td", "tfoot", "th", "thead", "tr")
_BLOCK_TAGS = frozenset((*_SECTION_TAGS, *_TEXT_TAGS, *_HEADING_TAGS, *_LIST_TAGS, *_TABLE_TAGS))
_SKIPPED_TAGS = frozenset(
    ("head", "script", "style", "noscript", "title", "ix:header", "svg", "object", "select", "textarea")
)
_PAGE_TAGS = frozenset(("hr", "page"))
_CELL_TAGS = frozenset(("td", "th"))
_PREFORMATTED = frozenset(("pre", "xmp"))
_NESTED_TABLES_TESTED = 3
"""A table's text is taken to see whether it is of interest; doing so at every level of a nest would be quadratic."""

_MOST_QUESTIONS = 10
"""Page headers that name the part would ask on every page."""

_PART_TWO = re.compile(r"part\s+ii\b|items?\s+[57]\b", re.IGNORECASE)
_INTERESTING_TABLE = re.compile(r"i\s*tems?\W{0,3}[1-9l]|risk\s+factors|part\s+i", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_INLINE = re.compile(r"display\s*:\s*inline\b(?!-)", re.IGNORECASE)
_PAGE_BREAK = re.compile(r"break-(?:before|after)\s*:\s*(?:always|page)", re.IGNORECASE)
_LONG_BLOCK = 800
_LONGEST_LINE = 120
_PARAGRAPHS = 5
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")
_EMPTY_LINE = re.compile(rf"{BREAK}[^\S{BREAK}]*{BREAK}")


def parse(data: bytes) -> _Element | None:
    """The tree of an HTML document in UTF-8, None where nothing is in it.

    Raises UnreadableDocument (`too_deeply_nested`). Touches neither network nor files: libxml2's HTML parser reads
    no DTD and expands no declared entities.
    """
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(data, parser)
    except etree.ParseError:
        root = None
    last = parser.error_log.last_error
    if last is not None and last.type_name == "ERR_RESOURCE_LIMIT":
        raise UnreadableDocument("too_deeply_nested", "The document nests its tags more than 2,000 deep.")
    return root


def flatten(root: _Element, enough: Callable[[Layout], bool] | None = None) -> Layout:
    """The blocks of the tree in reading order; tables without the words of a heading stay closed.

    Where Part II seems to start, `enough` is asked whether the rest of the document is needed.
    """
    layout = Layout()
    _Walk(layout, levels_tested=_NESTED_TABLES_TESTED, enough=enough).walk(root)
    return layout


def open_table(block: Block) -> list[Block]:
    """The blocks inside a table that `flatten` left closed."""
    assert block.table is not None
    layout = Layout(pages=block.page, anchor=block.anchor, rows=block.row)
    _Walk(layout, levels_tested=0).walk(block.table)
    return layout.blocks


class _Walk:
    """One pass over a tree, gathering text until a block element starts or ends."""

    def __init__(self, layout: Layout, *, levels_tested: int, enough: Callable[[Layout], bool] | None = None) -> None:
        self.layout = layout
        self.enough = enough
        self.asked = 0
        self.known = 0
        self.levels_tested = levels_tested
        self.pieces: list[Piece] = []
        self.containers: list[_Element] = []
        self.cells: list[list[int]] = [[0, 0]]
        self.preformatted = 0
        self.tables = 0
        self.link: str | None = None

    def walk(self, root: _Element) -> None:
        pieces, containers = self.pieces, self.containers
        walker = etree.iterwalk(root, events=("start", "end"))
        for event, element in walker:
            if event == "start":
                tag = element.tag
                if tag in _BLOCK_TAGS:
                    entered = self.start_block(element, tag)
                elif tag == "br":
                    pieces.append((element, BREAK, False))
                    continue
                else:
                    entered = self.start_inline(element, tag)
                if not entered:
                    walker.skip_subtree()
                elif text := element.text:
                    pieces.append((element, text, False))
            else:
                if containers and containers[-1] is element:
                    self.end_block(element)
                    if self.is_enough():
                        return
                if (tail := element.tail) and element is not root:
                    pieces.append((element, tail, True))
        self.flush()

    def is_enough(self) -> bool:
        """Whether the last block is new, seems to start Part II, and nothing after it is needed."""
        blocks = self.layout.blocks
        if self.enough is None or len(blocks) == self.known:
            return False
        self.known = len(blocks)
        if self.asked >= _MOST_QUESTIONS or not _PART_TWO.match(blocks[-1].text):
            return False
        self.asked += 1
        self.layout.settled = self.enough(self.layout)
        return self.layout.settled

    def start_inline(self, element: _Element, tag: str) -> bool:
        """Note links, anchors and style sheets; False where the element is not to be entered."""
        if tag == "a":
            self.note_anchor(element)
        elif tag in _SKIPPED_TAGS:
            self.layout.css += [style.text or "" for style in element.iter("style")]
            return False
        return True

    def note_anchor(self, element: _Element) -> None:
        self.layout.anchor = element.get("name") or element.get("id") or self.layout.anchor
        target = element.get("href")
        if target and target.startswith("#"):
            self.link = target[1:]

    def start_block(self, element: _Element, tag: str) -> bool:
        """Note the block; False where it is not to be entered."""
        style = element.get("style") or ""
        if "isplay" in style or "ISPLAY" in style:
            if _HIDDEN.search(style):
                return False
            if tag in ("div", "p") and _INLINE.search(style):
                return True
        if self.pieces:
            self.flush()
        self.layout.anchor = element.get("id") or self.layout.anchor
        if tag in _PAGE_TAGS or (("reak-" in style or "REAK-" in style) and _PAGE_BREAK.search(style)):
            self.layout.pages += 1
        if tag == "table" and self.tables < self.levels_tested and self.keep_closed(element):
            return False
        self.count(tag, 1)
        self.containers.append(element)
        return True

    def end_block(self, element: _Element) -> None:
        if self.pieces:
            self.flush()
        self.containers.pop()
        self.count(element.tag, -1)

    def count(self, tag: str, step: int) -> None:
        """Keep track of the table, row and cell, and of preformatted text, that start (1) or end (-1) here."""
        if tag in _CELL_TAGS:
            self.cells[-1][1] += step > 0
        elif tag == "tr" and step > 0:
            self.layout.rows += 1
            self.cells.append([self.layout.rows, 0])
        elif tag == "tr":
            self.cells.pop()
        elif tag == "table":
            self.tables += step
        elif tag in _PREFORMATTED:
            self.preformatted += step

    def keep_closed(self, table: _Element) -> bool:
        text = etree.tostring(table, method="text", encoding="unicode", with_tail=False)
        if _INTERESTING_TABLE.search(text):
            return False
        if text and not text.isspace():
            block = Block(collapse(text), [], page=self.layout.pages, anchor=self.layout.anchor, table=table)
            self.layout.add(block)
        return True

    def flush(self) -> None:
        """Make a block of what was gathered, or several where empty lines part it."""
        pieces = self.pieces
        raw = "".join([piece[1] for piece in pieces])
        if not raw.isascii() and INVISIBLE.search(raw):
            raw = INVISIBLE.sub("", raw)
            pieces[:] = [(element, INVISIBLE.sub("", text), is_tail) for element, text, is_tail in pieces]
        if raw and not raw.isspace():
            text = collapse(raw)
            row, cell = self.cells[-1]
            container = self.containers[-1] if self.containers else None
            block = Block(text, list(pieces), container, row, cell, self.layout.pages, self.layout.anchor, self.link)
            self.link = None
            if self.preformatted or _is_text_in_disguise(raw):
                lines_to_blocks(list(_lines(pieces)), self.layout, into=block)
            elif BREAK in raw and _EMPTY_LINE.search(raw):
                for part in _split_at_empty_lines(block):
                    self.layout.add(part)
            else:
                self.layout.add(block)
        pieces.clear()


def _is_text_in_disguise(raw: str) -> bool:
    """Whether a long block is plain text that somebody put between HTML tags and forgot `<pre>`: it has empty lines."""
    return (
        len(raw) > _LONG_BLOCK
        and raw.count("\n") > len(raw) // _LONGEST_LINE
        and len(_BLANK_LINE.findall(raw)) > _PARAGRAPHS
    )


def _lines(pieces: list[Piece]) -> Iterator[Line]:
    """The lines of preformatted pieces."""
    line: Line = []
    for element, text, is_tail in pieces:
        first, *others = text.replace("\r\n", "\n").replace("\r", "\n").replace(BREAK, "\n").split("\n")
        line.append((element, first, is_tail))
        for other in others:
            yield line
            line = [(element, other, is_tail)]
    yield line


def _split_at_empty_lines(block: Block) -> Iterator[Block]:
    """Paragraphs that are parted by two or more `<br>`; a single one is a line break inside a paragraph."""
    gathered: list[Piece] = []
    breaks = 0
    for piece in [*block.pieces, (None, BREAK, False), (None, BREAK, False)]:
        if piece[1] == BREAK:
            breaks += 1
        elif not piece[1].isspace():
            breaks = 0
        gathered.append(piece)
        if breaks > 1:
            text = collapse("".join([part[1] for part in gathered]))
            if text:
                yield Block(
                    text, gathered, block.container, block.row, block.cell, block.page, block.anchor, block.link
                )
            gathered, breaks = [], 0
