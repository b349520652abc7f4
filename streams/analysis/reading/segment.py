"""The second step: cut Item 1A into its single risk factors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from streams.analysis.reading.model import Item1A, RiskFactorText
from streams.analysis.reading.outline import Role, outline
from streams.analysis.reading.units import Unit, units_of

RegionKind = Literal["introduction", "group_heading", "factor", "note", "furniture"]
"""`note`: a summary of the risk factors, or remarks on forward-looking statements, with their headings."""

_KINDS: dict[Role, RegionKind] = {
    Role.INTRODUCTION: "introduction",
    Role.GROUP: "group_heading",
    Role.FACTOR: "factor",
    Role.CONTINUED: "factor",
    Role.BODY: "factor",
    Role.NOTE: "note",
    Role.FURNITURE: "furniture",
}

_BELONGS = {
    Role.FACTOR: (Role.BODY, Role.CONTINUED, Role.FURNITURE),
    Role.GROUP: (Role.CONTINUED,),
}
"""What follows a heading and belongs to it."""


@dataclass(frozen=True, slots=True)
class Region:
    """What a stretch of the item's text belongs to; offsets in the text."""

    kind: RegionKind
    start: int
    end: int


def segment(item: Item1A) -> tuple[RiskFactorText, ...]:
    """The risk factors of the item, in reading order; none where it names none."""
    if item.status != "found":
        return ()
    units = units_of(item)
    roles = outline(item.text, units)
    factors: list[RiskFactorText] = []
    section = ""
    index = 0
    while index < len(units):
        stop = index + 1
        while stop < len(units) and roles[stop] in _BELONGS.get(roles[index], ()):
            stop += 1
        if roles[index] is Role.GROUP:
            section = _title(units[index:stop], item.text)
        elif roles[index] is Role.FACTOR:
            factors.append(_factor(units[index:stop], roles[index:stop], item.text, section))
        index = stop
    return tuple(factors)


def regions(item: Item1A) -> tuple[Region, ...]:
    """What each character of the item's text belongs to: without gaps, in order, neighbours of one kind joined.

    A heading of a risk factor starts a region of its own. Blanks between paragraphs belong to what is before them.
    """
    units = units_of(item)
    roles = outline(item.text, units) if item.status == "found" else [Role.INTRODUCTION] * len(units)
    result: list[Region] = []
    for unit, role in zip(units, roles, strict=True):
        kind = _KINDS[role]
        start = 0 if not result else unit.start
        if result:
            last = result[-1]
            result[-1] = Region(last.kind, last.start, start)
            if last.kind == kind and role is not Role.FACTOR:
                start = result.pop().start
        result.append(Region(kind, start, len(item.text)))
    return tuple(result)


def _title(units: Sequence[Unit], text: str) -> str:
    """The title of a group; its introduction may follow in the same paragraph."""
    first = text[units[0].content : units[0].heading_end]
    return " ".join([first, *(unit.text for unit in units[1:])]).rstrip(" :.\u2013\u2014-")


def _factor(units: Sequence[Unit], roles: Sequence[Role], text: str, section: str) -> RiskFactorText:
    """One risk factor: its heading, perhaps in several blocks, and its body without page furniture."""
    while roles[-1] is Role.FURNITURE:
        units, roles = units[:-1], roles[:-1]
    heading: list[str] = []
    body: list[str] = []
    for unit, role in zip(units, roles, strict=True):
        if role in (Role.FACTOR, Role.CONTINUED):
            heading.append(text[unit.content : unit.heading_end].strip())
            body.append(text[unit.heading_end : unit.end].strip())
        elif role is Role.BODY:
            body.append(unit.text)
    return RiskFactorText(
        heading=" ".join(heading).rstrip(" :\u2013\u2014-"),
        text=" ".join(filter(None, body)),
        section=section,
        start=units[0].start,
        end=units[-1].end,
        anchor=units[0].anchor,
    )
