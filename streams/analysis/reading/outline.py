"""Decide what every paragraph of Item 1A is: the heading of a risk factor, of a group of them, or of neither, or text.

Filings mark their risk factors by a look (bold, italic, underlined, led by a bullet, ...) that only the filing itself
tells. So the look that most often heads a statement of a risk, with text under it, is taken for the look of
risk factors (`choice.py`), and everything else is judged by how it compares with that.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from streams.analysis.reading.candidates import Heading
from streams.analysis.reading.choice import choose
from streams.analysis.reading.model import HeadingSource
from streams.analysis.reading.passes import corrected
from streams.analysis.reading.roles import Role, role_of, stands_beside_bullets
from streams.analysis.reading.units import Level, Unit
from streams.analysis.reading.wording import goes_on


@dataclass(frozen=True, slots=True)
class Outline:
    """A role for each unit, and by index of their unit, what is known of the headings."""

    roles: list[Role]
    ends: dict[int, int]
    """Where a heading ends; offset in the item's text."""
    groupless: set[int]
    """The risk factors that stand beside the groups' titles, so that no title is theirs."""
    source: HeadingSource


def outline(text: str, units: Sequence[Unit]) -> Outline:
    """What each unit is."""
    flow = [index for index, unit in enumerate(units) if not unit.furniture]
    headings, chosen, source = choose(text, units, flow)
    roles = [Role.FURNITURE] * len(units)
    for index, role in _roles(flow, headings, chosen):
        roles[index] = role
    ends = {index: heading.end for index, heading in headings.items()}
    groupless = {
        index
        for index, heading in headings.items()
        if chosen is not None and stands_beside_bullets(heading.level, chosen)
    }
    return Outline(roles, ends, groupless, source)


def _roles(flow: Sequence[int], headings: Mapping[int, Heading], chosen: Level | None) -> Iterator[tuple[int, Role]]:
    """The role of each unit of the flow."""
    roles = corrected({index: role_of(heading, chosen) for index, heading in headings.items()}, flow, headings, chosen)
    current = Role.INTRODUCTION
    before: Heading | None = None
    last = Role.INTRODUCTION
    for index in flow:
        role, heading = roles.get(index), headings.get(index)
        if role is None or heading is None:
            before = None
            yield index, current
            continue
        if before is not None and role is Role.FACTOR and _continues(before, heading, last):
            yield index, _CONTINUES[last]
        else:
            yield index, role
            current, last = _UNDER[role], role
        before = heading if heading.level.whole and role in _CONTINUES else None


_UNDER = {
    Role.FACTOR: Role.BODY,
    Role.GROUP: Role.INTRODUCTION,
    Role.NOTE: Role.NOTE,
    Role.INTRODUCTION: Role.INTRODUCTION,
}
"""What the text under a heading is."""

_CONTINUES = {Role.FACTOR: Role.CONTINUED, Role.GROUP: Role.CONTINUED, Role.NOTE: Role.NOTE}
"""What the second half of a heading is."""


def _continues(before: Heading, heading: Heading, last: Role) -> bool:
    """Whether a heading goes on with the one right before it, which has no text of its own."""
    if before.level.bulleted or (before.level != heading.level and before.level[1:] != heading.level[1:]):
        return False
    return goes_on(before.text, heading.text) or last is Role.FACTOR
