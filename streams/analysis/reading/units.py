"""What each paragraph of Item 1A looks like: which part of it is emphasised, and how strongly."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from streams.analysis.reading.model import Item1A, Run, TextBlock
from streams.analysis.reading.styles import Style

_BULLET = re.compile(
    r"(?:[\u2022\u25cf\u25aa\u25ab\u25a0\u25a1\u25e6\u2023\u2043\u00b7\u00a7\u2013\u2014\u25ba\u27a2\uf0b7*]|--?|>>?(?=\s)|o(?=\s)|\u00d8)\s*"
)
_NUMBER = re.compile(r"(?:\d{1,3}[.)]|\(\d{1,3}\))\s+(?=\S)")
_BULLET_ALONE = re.compile(
    r"(?:[\u2022\u25cf\u25aa\u25ab\u25a0\u25a1\u25e6\u2023\u2043\u00b7\u00a7\u2013\u2014\u25ba\u27a2\uf0b7*o-]|\u00d8|\(?[a-z\d]{1,2}[.)])\Z"
)
_TOLERATED = 4
"""Characters of another style inside an emphasised stretch: a superscript, a comma, a space after a link."""

LONGEST_HEADING = 700
"""Characters. The longest heading seen has 578; emphasised paragraphs of prose are longer."""

_FEWEST_LETTERS = 3
_CAPITALS = 0.9
_SHOUTING = 0.8
_SAMPLED = 41
"""Every so many characters one is looked at."""

_LETTER = re.compile(r"[^\W\d_]")

_STEP = 3
"""Blanks by which one indent must differ from another to count as another."""

_DEEPEST = 10
_PUNCTUATION = re.compile(r"\s?[.:;\u2013\u2014-]+(?=\s|\Z)")

_LARGER = 0.9
"""Points by which a heading's size must exceed that of the text to count as emphasis."""


class Level(NamedTuple):
    """The look of a heading; two headings of one look stand on one level of the outline."""

    whole: bool
    """The paragraph is nothing but the heading; else the heading leads a paragraph of text."""
    bold: bool
    italic: bool
    underline: bool
    caps: bool
    larger: int
    centered: bool
    bulleted: bool
    shape: str = ""
    """Of a heading without any emphasis: what else it is known by."""

    @property
    def emphasis(self) -> int:
        """How strongly it stands out."""
        return 4 * self.bold + 3 * self.caps + 2 * self.underline + self.italic + 2 * self.centered + 2 * self.larger

    @property
    def strength(self) -> tuple[int, int]:
        """How far out in the outline a heading of this look tends to stand."""
        return (self.emphasis, int(self.whole) - int(self.bulleted))


@dataclass(slots=True)
class Unit:
    """A paragraph with its look. `level` is None where nothing of it is emphasised."""

    start: int
    content: int
    """Where the text starts after a bullet or a number."""
    end: int
    text: str
    heading_end: int
    """Where its emphasised lead ends; offset in the item's text."""
    level: Level | None
    bulleted: bool
    anchor: str | None
    furniture: bool = False
    indent: int = 0
    """In steps of three blanks."""
    row: int = 0
    """The table row it stands in; 0 outside of tables."""


def units_of(item: Item1A) -> list[Unit]:
    """The item's paragraphs; a bullet in a cell of its own is joined to what it stands before."""
    body = _body_style(item.blocks)
    shouts = _shouts(item.text)
    units: list[Unit] = []
    pending: TextBlock | None = None
    for block in item.blocks:
        text = item.text[block.start : block.end]
        if _BULLET_ALONE.match(text) and not block.furniture:
            pending = block
            continue
        units.append(_unit(block, text, body, bullet=pending, shouts=shouts))
        pending = None
    return units


def _body_style(blocks: Sequence[TextBlock]) -> Style:
    """The style of most of the text."""
    weights: Counter[Style] = Counter()
    for block in blocks:
        for run in block.runs:
            weights[run.style] += run.end - run.start
    return weights.most_common(1)[0][0] if weights else Style()


def _unit(block: TextBlock, text: str, body: Style, *, bullet: TextBlock | None, shouts: bool) -> Unit:
    start = block.start
    match = _BULLET.match(text)
    content = start + (match.end() if match and match.end() < len(text) else 0)
    bulleted = content > start or bullet is not None or block.listed
    if number := _NUMBER.match(text, content - start):
        content = start + number.end()
    lead_end, style = _lead(block.runs, content, block.end)
    unit = Unit(
        bullet.start if bullet else start,
        content,
        block.end,
        text,
        start,
        None,
        bulleted,
        block.anchor,
        block.furniture,
        min(block.indent // _STEP, _DEEPEST),
        block.row,
    )
    heading = text[content - start : lead_end - start]
    if style is None or len(heading) > LONGEST_HEADING or len(_LETTER.findall(heading)) < _FEWEST_LETTERS:
        return unit
    caps = _is_caps(heading) and not shouts
    whole = block.end - lead_end <= _TOLERATED
    if not _emphasised(style, body) and not (whole and (caps or block.ruled)):
        return unit
    larger = max(0, round((style.size - body.size) / 2 + 0.3)) if style.size - body.size >= _LARGER else 0
    unit.level = Level(
        whole,
        style.bold and not body.bold,
        style.italic != body.italic,
        (style.underline and not body.underline) or block.ruled,
        caps,
        larger,
        style.align == "center" and body.align != "center",
        bulleted,
    )
    after = _PUNCTUATION.match(text, lead_end - start)
    unit.heading_end = start + after.end() if after else lead_end
    return unit


def _is_caps(heading: str) -> bool:
    """Whether it is written in capitals, but for a word or two like "of" or "10-K"."""
    if not heading[:2].isupper() and heading[:1] != "\u201c":
        return False
    letters = _LETTER.findall(heading)
    return sum(map(str.isupper, letters)) > _CAPITALS * len(letters)


def _shouts(text: str) -> bool:
    """Whether most of the item is written in capitals, so that they mark no heading."""
    letters = [letter for letter in text[::_SAMPLED] if letter.isalpha()]
    return sum(map(str.isupper, letters)) > _SHOUTING * len(letters)


def _emphasised(style: Style, body: Style) -> bool:
    return (
        (style.bold and not body.bold)
        or style.italic != body.italic
        or (style.underline and not body.underline)
        or style.size - body.size >= _LARGER
    )


def _look(style: Style) -> tuple[bool, bool, bool, int]:
    return style.bold, style.italic, style.underline, round(style.size)


def _lead(runs: Sequence[Run], start: int, end: int) -> tuple[int, Style | None]:
    """Where the first stretch of one look ends, and its style; short interruptions do not end it."""
    inside = [run for run in runs if run.end > start]
    if not inside:
        return start, None
    first = inside[0].style
    reached = start
    for run, after in _with_next(inside):
        if _look(run.style) == _look(first):
            reached = run.end
        elif run.end - max(run.start, start) > _TOLERATED or after is None or _look(after.style) != _look(first):
            break
    return min(reached, end), first


def _with_next(runs: Sequence[Run]) -> Iterator[tuple[Run, Run | None]]:
    for index, run in enumerate(runs):
        yield run, runs[index + 1] if index + 1 < len(runs) else None
