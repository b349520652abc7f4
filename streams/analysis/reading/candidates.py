"""The paragraphs of Item 1A that look like headings, and the look that the headings of risk factors have among them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from streams.analysis.reading.units import LONGEST_HEADING, Level, Unit
from streams.analysis.reading.wording import (
    heads_a_summary,
    heads_the_full_list,
    is_no_risk,
    names_a_group,
    states_a_risk,
)

_FEWEST = 3
"""Headings of one look that are enough to call it the look of risk factors."""

_MOSTLY = 0.6
_COMPARABLE = 0.5
"""A look that is further out in the outline wins if it heads at least this share of what the commonest look heads."""

_LONGEST_PLAIN_TITLE = 160
"""Characters of a group's title that nothing marks."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A paragraph that looks like a heading, or starts with one."""

    level: Level
    text: str
    end: int
    """Where it ends; offset in the item's text."""
    followed: bool
    """Text stands under it; else the next paragraph is a heading too."""
    lists: bool
    """What stands under it is a bullet."""
    announces: bool
    """Its paragraph ends in a colon: what it is about comes after."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What makes a heading of a paragraph: a look, up to an offset in the item's text."""

    level: Level
    end: int


def emphasised(units: Sequence[Unit], flow: Sequence[int]) -> dict[int, Mark]:
    """The marks of all paragraphs that emphasis makes headings, by index of their unit."""
    return {index: Mark(level, units[index].heading_end) for index in flow if (level := units[index].level) is not None}


def gather(text: str, units: Sequence[Unit], flow: Sequence[int], marks: Mapping[int, Mark]) -> dict[int, Heading]:
    """The headings of these marks, and plain titles of groups right above them, by index of their unit."""
    result = {}
    for index, following in pairwise([*flow, None]):
        assert index is not None
        unit, mark = units[index], marks.get(index)
        under = marks.get(following) if following is not None else None
        if mark is None and under is not None and _is_plain_title(unit):
            mark = Mark(plain_look("title", unit.indent), unit.end)
        if mark is None or mark.end - unit.content > LONGEST_HEADING:
            continue
        whole = mark.level.whole
        announces = unit.text.rstrip().endswith(":")
        if whole:
            followed = following is not None and not (under is not None and under.level.whole)
        else:
            followed = not (announces and under is not None and under.level.bulleted)
        lists = whole and following is not None and units[following].bulleted
        result[index] = Heading(mark.level, text[unit.content : mark.end], mark.end, followed, lists, announces)
    return result


def plain_look(shape: str, indent: int) -> Level:
    """The look of a heading without any emphasis: what it is, and how far it is indented."""
    return Level(True, False, False, False, False, 0, False, False, f"{shape}, indented {indent}")  # noqa: FBT003


def _is_plain_title(unit: Unit) -> bool:
    return not (unit.bulleted or unit.row) and len(unit.text) <= _LONGEST_PLAIN_TITLE and names_a_group(unit.text)


def factor_level(headings: Mapping[int, Heading]) -> tuple[Level | None, bool]:
    """The look of the headings of risk factors, and whether they state enough risks to be sure of it.

    It is the outermost look whose headings mostly state a risk and mostly have text under them: sub-headings
    inside risk factors can be more numerous, and headings of groups have no text of their own.
    """
    by_level: dict[Level, list[Heading]] = defaultdict(list)
    for heading in headings.values():
        if not (is_no_risk(heading.text) or heads_a_summary(heading.text) or heads_the_full_list(heading.text)):
            by_level[heading.level].append(heading)
    stating: dict[Level, int] = {}
    followed: dict[Level, int] = {}
    for level, group in by_level.items():
        with_text = [heading for heading in group if heading.followed]
        if with_text:
            followed[level] = len(with_text)
            stating[level] = sum(states_a_risk(heading.text) for heading in with_text)
    sure = [
        level
        for level, count in stating.items()
        if count >= _FEWEST and count >= _MOSTLY * followed[level] and followed[level] >= _MOSTLY * len(by_level[level])
    ]
    if sure:
        most = max(stating[level] for level in sure)
        return max(
            (level for level in sure if stating[level] >= _COMPARABLE * most), key=lambda level: level.strength
        ), True
    if followed:
        return max(followed, key=lambda level: (stating[level] + 0.3 * followed[level], level.strength)), False
    return None, False
