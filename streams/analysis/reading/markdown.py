"""Markdown, as converters of filings write it: made HTML, so that its headings keep their look."""

import re
from itertools import islice

_BULLET = "\u2022"
_START = 5_000
_WEB_PAGE = re.compile(rb"<(?:html|body|head|!doctype|document|pre)\b", re.IGNORECASE)
_ITEM_LINE = re.compile(
    rb"^[ ]{0,3}(?:#{1,6}[ \t]{1,5}|\*\*|__)[^\n]{0,20}?items?[ \t]{0,5}\d", re.IGNORECASE | re.MULTILINE
)
_BOLD_LINE = re.compile(rb"^[ ]{0,3}\*\*[^*\n]{3,500}\*\*[ ]{0,3}\r?$", re.MULTILINE)
_FEWEST = 3
_UNDERLINE = re.compile(r"[ ]{0,3}(?:-{3,200}|={3,200})[ ]*\Z")
_HEADING = re.compile(r"[ ]{0,3}(#{1,6})[ \t]+")
_RULE = re.compile(r"[ ]{0,3}(?:-[ \t]?){3,200}\Z|[ ]{0,3}(?:\*[ \t]?){3,200}\Z|[ ]{0,3}(?:_[ \t]?){3,200}\Z")
_LIST_ITEM = re.compile(r"[ ]{0,12}(?:([-*+\u2022])|(\d{1,3}[.)]))[ \t]+(?=\S)")
_TABLE_RULE = re.compile(r"[|:\s-]+\Z")
_COMMENT = re.compile(r"<!--[^<>]{0,200}-->")
_LINK = re.compile(r"!?\[([^\[\]\n]{0,300})\]\([^()\s]{0,500}\)")
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+.!|$&-])")
_STARS = (
    (re.compile(r"\*{3}(?=\S)([^*\n]{1,2000})\*{3}"), r"<b><i>\1</i></b>"),
    (re.compile(r"\*{2}(?=\S)([^*\n]{1,2000})\*{2}"), r"<b>\1</b>"),
    (re.compile(r"(?<![\w_])__(?=\S)([^_\n]{1,2000})__(?![\w_])"), r"<b>\1</b>"),
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]{1,2000})\*(?![\w*])"), r"<i>\1</i>"),
    (re.compile(r"(?<![\w_])_(?=\S)([^_\n]{1,2000})_(?![\w_])"), r"<i>\1</i>"),
)


def is_markdown(data: bytes) -> bool:
    """Whether the text is no web page and has an item's heading, or several bold lines, in Markdown's signs."""
    if _WEB_PAGE.search(data, 0, _START) or not (b"**" in data or b"# " in data or b"__" in data):
        return False
    return _ITEM_LINE.search(data) is not None or len([*islice(_BOLD_LINE.finditer(data), _FEWEST)]) == _FEWEST


def to_html(data: bytes) -> bytes:
    """The same document in HTML: headings, paragraphs, list items, table rows, bold and italic words."""
    page = _Page()
    for line in _COMMENT.sub("", data.decode("utf-8", "replace")).split("\n"):
        page.take(line)
    page.end()
    return "\n".join(["<html><body>", *page.parts, "</body></html>"]).encode("utf-8", "replace")


class _Page:
    """The HTML so far, and the lines of the paragraph that is not yet at its end."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.lines: list[str] = []

    def end(self, tag: str = "p") -> None:
        """Make an element of the lines, if there are any."""
        if self.lines:
            self.parts.append(f"<{tag}>{_inline(' '.join(self.lines))}</{tag}>")
            self.lines.clear()

    def take(self, line: str) -> None:
        """Add a line of Markdown."""
        stripped = line.strip()
        if self.lines and _UNDERLINE.match(line):
            self.end("h1" if stripped[0] == "=" else "h2")
        elif not stripped or _RULE.match(line):
            self.end()
            self.parts += ["<hr>"] if stripped else []
        elif stripped[0] == "|":
            self.end()
            self._row(stripped)
        else:
            self._text(line, stripped)

    def _row(self, line: str) -> None:
        if not _TABLE_RULE.match(line):
            cells = "".join(f"<td>{_inline(cell.strip())}</td>" for cell in line.strip("|").split("|"))
            self.parts.append(f"<table><tr>{cells}</tr></table>")

    def _text(self, line: str, stripped: str) -> None:
        heading, item = _HEADING.match(line), _LIST_ITEM.match(line)
        if heading or item:
            self.end()
        if heading:
            self.lines.append(stripped.strip("#").strip())
            self.end(f"h{len(heading[1])}")
        else:
            self.lines.append(" ".join([item[2] or _BULLET, line[item.end() :].strip()]) if item else stripped)


def _inline(text: str) -> str:
    text = _LINK.sub(r"\1", text)
    for pattern, tags in _STARS:
        text = pattern.sub(tags, text)
    return _ESCAPED.sub(r"\1", text)
