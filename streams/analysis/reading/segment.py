"""The second step: cut Item 1A into its single risk factors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from streams.analysis.reading.model import Item1A, RiskFactorText
from streams.analysis.reading.outline import Outline, outline
from streams.analysis.reading.roles import Role
from streams.analysis.reading.units import Unit, units_of

ReadingWarning = Literal["no_headings"]
"""A suspicion that the reading missed something."""

_SUSPICIOUS = 1_500
"""Words of an item without any risk factor; shorter ones can do without headings, or say that nothing has changed."""

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
    """The risk factors of the item, in reading order; none where it names none.

    A long item without a heading is one risk factor: better than to lose its text (`warnings_of` says so).
    """
    if item.status != "found":
        return ()
    units = units_of(item)
    found = outline(item.text, units)
    roles = found.roles
    factors: list[RiskFactorText] = []
    section = ""
    index = 0
    while index < len(units):
        stop = index + 1
        while stop < len(units) and roles[stop] in _BELONGS.get(roles[index], ()):
            stop += 1
        if roles[index] is Role.GROUP:
            section = _title(range(index, stop), units, found, item.text)
        elif roles[index] is Role.FACTOR:
            group = "" if index in found.groupless else section
            factors.append(_factor(range(index, stop), units, found, item.text, group))
        index = stop
    return tuple(factors) or _whole(item)


def warnings_of(factors: Sequence[RiskFactorText]) -> tuple[ReadingWarning, ...]:
    """What a reader of the factors must know: `no_headings` if the whole item stands in for them."""
    return ("no_headings",) if any(factor.heading_source == "whole_item" for factor in factors) else ()


def _whole(item: Item1A) -> tuple[RiskFactorText, ...]:
    """A long item as one risk factor under the item's title; nothing of a short one, which may well name no risk."""
    if len(item.text.split()) <= _SUSPICIOUS:
        return ()
    anchor = item.blocks[0].anchor if item.blocks else None
    return (RiskFactorText(item.title, item.text, "", 0, len(item.text), anchor, "whole_item"),)


def regions(item: Item1A) -> tuple[Region, ...]:
    """What each character of the item's text belongs to: without gaps, in order, neighbours of one kind joined.

    A heading of a risk factor starts a region of its own. Blanks between paragraphs belong to what is before them.
    """
    units = units_of(item)
    roles = outline(item.text, units).roles if item.status == "found" else [Role.INTRODUCTION] * len(units)
    if item.status == "found" and Role.FACTOR not in roles and _whole(item):
        return (Region("factor", 0, len(item.text)),)
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


def _title(places: range, units: Sequence[Unit], found: Outline, text: str) -> str:
    """The title of a group; its introduction may follow in the same paragraph."""
    first = text[units[places[0]].content : found.ends[places[0]]]
    return " ".join([first, *(units[place].text for place in places[1:])]).rstrip(" :.\u2013\u2014-")


def _factor(places: range, units: Sequence[Unit], found: Outline, text: str, section: str) -> RiskFactorText:
    """One risk factor: its heading, perhaps in several blocks, and its body without page furniture."""
    while found.roles[places[-1]] is Role.FURNITURE:
        places = places[:-1]
    heading: list[str] = []
    body: list[str] = []
    for place in places:
        unit, role = units[place], found.roles[place]
        if role in (Role.FACTOR, Role.CONTINUED):
            end = found.ends[place]
            heading.append(text[unit.content : end].strip())
            body.append(text[end : unit.end].strip())
        elif role is Role.BODY:
            body.append(unit.text)
    return RiskFactorText(
        heading=" ".join(heading).rstrip(" :\u2013\u2014-"),
        text=" ".join(filter(None, body)),
        section=section,
        start=units[places[0]].start,
        end=units[places[-1]].end,
        anchor=units[places[0]].anchor,
        heading_source=found.source,
    )
