"""Decide what every paragraph of Item 1A is: the heading of a risk factor, of a group of them, or of neither, or text.

Filings mark their risk factors by a look (bold, italic, underlined, led by a bullet, ...) that only the filing itself
tells. So the look that most often heads a statement of a risk, with text under it, is taken for the look of
risk factors, and everything else is judged by how it compares with that.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise

from streams.analysis.reading.units import LONGEST_HEADING, Level, Unit
from streams.analysis.reading.wording import (
    goes_on,
    heads_a_summary,
    heads_the_full_list,
    is_no_risk,
    names_a_group,
    states_a_risk,
)

_LONGEST_TITLE = 220
"""Characters of a group's title."""

_FEWEST = 3
"""Headings of one look that are enough to call it the look of risk factors."""

_MOSTLY = 0.6
_COMPARABLE = 0.5
"""A look that is further out in the outline wins if it heads at least this share of what the commonest look heads."""

_LIST = 4
"""So many headings of risk factors in a row, without text under them, are a list of the factors and not the factors."""


class Role(Enum):
    """What a paragraph is."""

    INTRODUCTION = auto()
    GROUP = auto()
    FACTOR = auto()
    CONTINUED = auto()
    """Goes on with the heading before it."""
    BODY = auto()
    NOTE = auto()
    """A heading, or what stands under it, that is neither a risk nor a group of risks."""
    FURNITURE = auto()


@dataclass(frozen=True, slots=True)
class _Heading:
    """A paragraph that looks like a heading, or starts with one."""

    level: Level
    text: str
    followed: bool
    """Text stands under it; else the next paragraph is a heading too."""
    lists: bool
    """What stands under it is a bullet."""


def outline(text: str, units: Sequence[Unit]) -> list[Role]:
    """A role for each unit."""
    flow = [index for index, unit in enumerate(units) if not unit.furniture]
    headings = _headings(text, units, flow, plain=False)
    chosen, sure = _factor_level(headings)
    if not sure:
        with_plain = _headings(text, units, flow, plain=True)
        plain, plain_sure = _factor_level(with_plain)
        if plain_sure:
            headings, chosen = with_plain, plain
    roles = [Role.FURNITURE] * len(units)
    for index, role in _roles(flow, headings, chosen):
        roles[index] = role
    return roles


def _headings(text: str, units: Sequence[Unit], flow: Sequence[int], *, plain: bool) -> dict[int, _Heading]:
    """The headings by index of their unit; `plain` adds short paragraphs that nothing but their place makes one."""
    levels = {index: units[index].level or (units[index].plain_level if plain else None) for index in flow}
    result = {}
    for index, following in pairwise([*flow, None]):
        assert index is not None
        unit, level = units[index], levels[index]
        if level is None and following is not None and levels[following] is not None and names_a_group(unit.text):
            level = unit.plain_level
        if level is None or unit.heading_end - unit.content > LONGEST_HEADING:
            continue
        followed = not level.whole or (following is not None and not _is_whole(levels[following]))
        if (
            level.shape
            and not names_a_group(unit.text)
            and not (followed and following is not None and _longer(units[following], unit))
        ):
            continue
        lists = level.whole and following is not None and units[following].bulleted
        result[index] = _Heading(level, text[unit.content : unit.heading_end], followed, lists)
    return result


def _is_whole(level: Level | None) -> bool:
    return level is not None and level.whole


def _longer(following: Unit, unit: Unit) -> bool:
    return following.end - following.start > unit.end - unit.start


def _factor_level(headings: Mapping[int, _Heading]) -> tuple[Level | None, bool]:
    """The look of the headings of risk factors, and whether they state enough risks to be sure of it.

    It is the outermost look whose headings mostly state a risk and mostly have text under them: sub-headings
    inside risk factors can be more numerous, and headings of groups have no text of their own.
    """
    by_level: dict[Level, list[_Heading]] = defaultdict(list)
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


def _roles(flow: Sequence[int], headings: Mapping[int, _Heading], chosen: Level | None) -> Iterator[tuple[int, Role]]:
    """The role of each unit of the flow."""
    roles = {index: _role(heading, chosen) for index, heading in headings.items()}
    _drop_lists(roles, flow, headings)
    _drop_empty(roles, flow, headings)
    _mark_summary(roles, flow, headings)
    current = Role.INTRODUCTION
    before: _Heading | None = None
    for index in flow:
        role, heading = roles.get(index), headings.get(index)
        if role is None or heading is None:
            before = None
            yield index, current
            continue
        if before is not None and role is Role.FACTOR and _continues(before, heading, current):
            yield index, Role.CONTINUED
        else:
            yield index, role
            current = _UNDER[role]
        before = heading if heading.level.whole and role in (Role.FACTOR, Role.GROUP) else None


_UNDER = {
    Role.FACTOR: Role.BODY,
    Role.GROUP: Role.INTRODUCTION,
    Role.NOTE: Role.NOTE,
    Role.INTRODUCTION: Role.INTRODUCTION,
}
"""What the text under a heading is."""


def _role(heading: _Heading, chosen: Level | None) -> Role | None:
    """The role of a heading by itself; None where it is a part of the text around it."""
    level, text = heading.level, heading.text
    if is_no_risk(text) or heads_a_summary(text) or heads_the_full_list(text):
        return Role.NOTE
    if chosen is None:
        return None
    outer = level.emphasis > chosen.emphasis
    if names_a_group(text):
        titled = level.whole or (outer and level != chosen)
        return Role.GROUP if titled else Role.FACTOR if level == chosen else None
    if level == chosen or states_a_risk(text):
        ours = level == chosen or (heading.followed and _equals(level, chosen))
        return Role.FACTOR if ours else None
    return Role.GROUP if level.whole and len(text) <= _LONGEST_TITLE and (outer or not heading.followed) else None


def _equals(level: Level, chosen: Level) -> bool:
    """Whether a heading of one look may be a risk factor's where another is usual: at least as strong, or bold as well.

    Bullets inside risk factors lead with emphasised words, too; where only the bullet differs, it was set carelessly.
    """
    if level._replace(bulleted=chosen.bulleted) == chosen:
        return True
    if (level.bulleted and not chosen.bulleted) or not (level.bold or level.italic or level.underline):
        return False
    return level.emphasis >= chosen.emphasis or (level.bold and chosen.bold and level.whole)


def _continues(before: _Heading, heading: _Heading, current: Role) -> bool:
    """Whether a heading goes on with the one right before it, which has no text of its own."""
    if before.level.bulleted or (before.level != heading.level and before.level[1:] != heading.level[1:]):
        return False
    if goes_on(before.text, heading.text):
        return True
    return current is Role.BODY


def _drop_lists(roles: dict[int, Role | None], flow: Sequence[int], headings: Mapping[int, _Heading]) -> None:
    """Make text of headings that only list the risk factors; the last of a run has text under it and stays."""
    run: list[int] = []
    for index in flow:
        if roles.get(index) is Role.FACTOR and headings[index].level.whole and not headings[index].followed:
            run.append(index)
            continue
        if len(run) >= _LIST:
            roles.update(dict.fromkeys(run, None))
        run = []


def _drop_empty(roles: dict[int, Role | None], flow: Sequence[int], headings: Mapping[int, _Heading]) -> None:
    """Make text of what looks like the heading of a risk factor and has nothing under it but the title of a group."""
    for index, following in pairwise(flow):
        if roles.get(index) is Role.FACTOR and not headings[index].followed and roles.get(following) is Role.GROUP:
            roles[index] = None


def _mark_summary(roles: dict[int, Role | None], flow: Sequence[int], headings: Mapping[int, _Heading]) -> None:
    """Make notes of what stands between the heading of a summary and the first risk factor in full.

    The title of the first group stands above that factor, so it is given back.
    """
    in_summary = False
    titles: list[int] = []
    for index in flow:
        heading = headings.get(index)
        if heading is not None and heads_a_summary(heading.text):
            in_summary = True
        elif heading is not None and heads_the_full_list(heading.text):
            in_summary = False
        elif in_summary and heading is not None:
            if roles[index] is Role.FACTOR and heading.followed and not (heading.lists or heading.level.bulleted):
                in_summary = False
                roles.update(dict.fromkeys(titles, Role.GROUP))
            elif roles[index] is Role.GROUP:
                titles.append(index)
                roles[index] = Role.NOTE
                continue
            elif roles[index] is not None:
                roles[index] = None
        titles = []
