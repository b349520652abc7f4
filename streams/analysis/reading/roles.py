"""What a paragraph of Item 1A is, and what a heading is by itself, before its neighbours are looked at."""

from enum import Enum, auto

from streams.analysis.reading.candidates import Heading
from streams.analysis.reading.units import Level
from streams.analysis.reading.wording import (
    heads_a_summary,
    heads_the_full_list,
    is_no_risk,
    names_a_group,
    names_one_risk,
    names_the_rest,
    opens_the_item,
    states_a_risk,
)

_LONGEST_TITLE = 220
"""Characters of a group's title."""


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


def role_of(heading: Heading, chosen: Level | None) -> Role | None:
    """The role of a heading by itself; None if it is a part of the text around it.

    `chosen` is the look of the risk factors' headings.
    """
    text = heading.text
    if is_no_risk(text) or heads_a_summary(text) or heads_the_full_list(text):
        return Role.NOTE
    if chosen is None:
        return None
    if opens_the_item(text) and not heading.followed:
        return Role.INTRODUCTION
    if stands_beside_bullets(heading.level, chosen):
        return _beside_bullets(heading)
    if names_a_group(text):
        return _named_as_group(heading, chosen)
    return _by_look(heading, chosen)


def stands_beside_bullets(level: Level, chosen: Level) -> bool:
    """Whether a heading leads a paragraph, and those of the risk factors lead bullets."""
    return chosen.bulleted and not (level.whole or level.bulleted)


def _beside_bullets(heading: Heading) -> Role:
    """What a paragraph's emphasised lead is if bullets are risk factors: their group's title, or one more of them."""
    if heading.announces:
        return Role.GROUP
    return Role.NOTE if names_the_rest(heading.text) else Role.FACTOR


def _named_as_group(heading: Heading, chosen: Level) -> Role | None:
    """What a title is that is worded as a group's: a risk factor if it names one risk and has text of its own."""
    level = heading.level
    if level == chosen and heading.followed and names_one_risk(heading.text):
        return Role.FACTOR
    if level.whole or (_is_outer(level, chosen) and level != chosen):
        return Role.GROUP
    return Role.FACTOR if level == chosen else None


def _by_look(heading: Heading, chosen: Level) -> Role | None:
    level, text = heading.level, heading.text
    if level == chosen or states_a_risk(text):
        ours = level == chosen or (heading.followed and _equals(level, chosen))
        return Role.FACTOR if ours else None
    outer = _is_outer(level, chosen) or not heading.followed
    return Role.GROUP if level.whole and len(text) <= _LONGEST_TITLE and outer else None


def _is_outer(level: Level, chosen: Level) -> bool:
    """Whether a heading stands out more than those of the risk factors: larger type outweighs bold."""
    return level.emphasis > chosen.emphasis or level.larger > chosen.larger


def _equals(level: Level, chosen: Level) -> bool:
    """Whether a heading of one look may be a risk factor's where another is usual: at least as strong, or bold as well.

    Bullets inside risk factors lead with emphasised words, too; where only the bullet differs, it was set carelessly.
    """
    if level._replace(bulleted=chosen.bulleted) == chosen:
        return True
    if (level.bulleted and not chosen.bulleted) or not (level.bold or level.italic or level.underline):
        return False
    return level.emphasis >= chosen.emphasis or (level.bold and chosen.bold and level.whole)
