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
    if _WEB_PAGE.search(data, 0, _START):
        return False
    return _ITEM_LINE.search(data) is not None or len([*islice(_BOLD_LINE.finditer(data), _FEWEST)]) == _FEWEST


def to_html(data: bytes) -> bytes:
    """The same document in HTML: headings, paragraphs, list items, table rows, bold and italic words."""
    parts: list[str] = ["<html><body>"]
    paragraph: list[str] = []

    def end() -> None:
        if paragraph:
            parts.append(f"<p>{_inline(' '.join(paragraph))}</p>")
            paragraph.clear()

    for line in _COMMENT.sub("", data.decode("utf-8", "replace")).split("\n"):
        stripped = line.strip()
        if heading := _HEADING.match(line):
            end()
            level = len(heading[1])
            parts.append(f"<h{level}>{_inline(stripped.strip('#').strip())}</h{level}>")
        elif paragraph and _UNDERLINE.match(line):
            level = 1 if stripped[0] == "=" else 2
            parts.append(f"<h{level}>{_inline(' '.join(paragraph))}</h{level}>")
            paragraph.clear()
        elif not stripped or _RULE.match(line):
            end()
            if stripped:
                parts.append("<hr>")
        elif stripped[0] == "|":
            end()
            if not _TABLE_RULE.match(stripped):
                cells = "".join(f"<td>{_inline(cell.strip())}</td>" for cell in stripped.strip("|").split("|"))
                parts.append(f"<table><tr>{cells}</tr></table>")
        else:
            if item := _LIST_ITEM.match(line):
                end()
                stripped = " ".join([item[2] or _BULLET, line[item.end() :].strip()])
            paragraph.append(stripped)
    end()
    parts.append("</body></html>")
    return "\n".join(parts).encode("utf-8", "replace")


def _inline(text: str) -> str:
    text = _LINK.sub(r"\1", text)
    for pattern, tags in _STARS:
        text = pattern.sub(tags, text)
    return _ESCAPED.sub(r"\1", text)
