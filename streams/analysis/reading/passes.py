"""What the role of a heading becomes when its neighbours are looked at: lists, empty headings, groups, summaries."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from streams.analysis.reading.candidates import Heading
from streams.analysis.reading.roles import Role
from streams.analysis.reading.units import Level
from streams.analysis.reading.wording import (
    breaks_off,
    connects,
    heads_a_summary,
    heads_the_full_list,
    names_a_group,
    states_a_risk,
)

_LIST = 4
"""So many headings of risk factors in a row, without text under them, are a list of the factors and not the factors."""

_LONGEST_GROUP = 80
_MOST_WORDS = 7
"""Of a group's title that has the look of the risk factors: a longer one is the first half of a heading."""

Roles = dict[int, Role | None]


def corrected(roles: Roles, flow: Sequence[int], headings: Mapping[int, Heading], chosen: Level | None) -> Roles:
    """The roles after all corrections."""
    _name_groups(roles, flow, headings, chosen)
    _drop_lists(roles, flow, headings)
    _drop_empty(roles, flow, headings)
    _drop_sub_headings(roles, flow, headings)
    _mark_summary(roles, flow, headings)
    return roles


def _name_groups(roles: Roles, flow: Sequence[int], headings: Mapping[int, Heading], chosen: Level | None) -> None:
    """Make groups of titles right above a risk factor: a few words in its look, or a title that only its size marks."""
    if chosen is None:
        return
    for index, following in pairwise(flow):
        heading, below = headings.get(index), headings.get(following)
        if heading is None or below is None or roles.get(following) is not Role.FACTOR or not heading.level.whole:
            continue
        if len(heading.text) > _LONGEST_GROUP or states_a_risk(heading.text) or breaks_off(heading.text):
            continue
        smaller = roles[index] is None and heading.level != chosen
        alike = roles[index] is Role.FACTOR and not heading.followed and _is_title_above(heading.text, below.text)
        if smaller or alike:
            roles[index] = Role.GROUP


def _is_title_above(text: str, below: str) -> bool:
    """Whether a short text in the look of the heading below it is no first half of that heading."""
    halves = connects(below) or below[:1].islower()
    return len(text.split()) <= _MOST_WORDS and not halves and states_a_risk(below)


def _drop_lists(roles: Roles, flow: Sequence[int], headings: Mapping[int, Heading]) -> None:
    """Make text of headings that only list the risk factors; the last of a run has text under it and stays."""
    run: list[int] = []
    for index in flow:
        if roles.get(index) is Role.FACTOR and headings[index].level.whole and not headings[index].followed:
            run.append(index)
            continue
        if len(run) >= _LIST:
            roles.update(dict.fromkeys(run, None))
        run = []


def _drop_empty(roles: Roles, flow: Sequence[int], headings: Mapping[int, Heading]) -> None:
    """Make text of what looks like the heading of a risk factor and has nothing under it but the title of a group."""
    for index, following in pairwise(flow):
        if roles.get(index) is Role.FACTOR and not headings[index].followed and roles.get(following) is Role.GROUP:
            roles[index] = None


def _drop_sub_headings(roles: Roles, flow: Sequence[int], headings: Mapping[int, Heading]) -> None:
    """Make text of titles inside a risk factor: of one look, each with text of its own, several in a row.

    The title of a group stands above risk factors, and above the first of them, too.
    """
    ordered = [index for index in flow if roles.get(index) in (Role.GROUP, Role.FACTOR)]
    above = {
        headings[one].level for one, two in pairwise(ordered) if roles[one] is Role.GROUP and not headings[one].followed
    }
    seen_factor = False
    for index in ordered:
        heading = headings[index]
        if roles[index] is Role.FACTOR:
            seen_factor = True
        elif not seen_factor:
            above.add(heading.level)
        elif heading.level not in above and heading.followed and not names_a_group(heading.text):
            roles[index] = None


def _mark_summary(roles: Roles, flow: Sequence[int], headings: Mapping[int, Heading]) -> None:
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
