"""Which paragraphs of an item are its headings, and which look those of the risk factors have.

Emphasis is tried first, if enough of it heads statements of risks; then the columns of a table, the place of short
paragraphs, and the first sentences of paragraphs. What is left is the best of too few headings.
"""

from collections.abc import Container, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from streams.analysis.reading.candidates import Heading, emphasised, factor_level, gather
from streams.analysis.reading.leads import lead_marks
from streams.analysis.reading.model import HeadingSource
from streams.analysis.reading.plain_headings import plain_marks
from streams.analysis.reading.tables import row_marks
from streams.analysis.reading.units import Level, Unit
from streams.analysis.reading.wording import names_a_group

_FEW = 3
"""Emphasised headings with text under them that are too few to say that emphasis marks the risk factors."""

_MANY = 4
"""So many times as many headings must stand alone as are emphasised, if these are not few."""

_FEWEST = 2
"""Headings without emphasis that are enough if nothing is emphasised."""

_LONGEST_FACTOR = 5_000
"""Characters of text for each heading: if headings are fewer, something else parts the item."""


class Choice(NamedTuple):
    """The headings by index of their unit, the look of those of risk factors, and what they are known by."""

    headings: dict[int, Heading]
    chosen: Level | None
    source: HeadingSource


def choose(text: str, units: Sequence[Unit], flow: Sequence[int]) -> Choice:
    """The headings of the item; `flow` are the indexes of the units that are no page furniture."""
    marked = emphasised(units, flow)
    by_look = gather(text, units, flow, marked)
    chosen, sure = factor_level(by_look)
    if sure:
        return Choice(by_look, chosen, "emphasis")
    if by_row := row_marks(units, flow):
        # The emphasised words of such a table are its column titles.
        return Choice(gather(text, units, flow, by_row), next(iter(by_row.values())).level, "own_line")
    alone = plain_marks(units, flow, marked)
    plain = gather(text, units, flow, {**marked, **alone})
    plain_chosen, plain_sure = factor_level(plain)
    known, count = _known(by_look, chosen, flow, alone), _count(plain, plain_chosen)
    leads = lead_marks(units, flow) if known < _FEW else {}
    sparse = len(text) > _LONGEST_FACTOR * count and len(leads) >= _FEW * count
    if plain_sure and not sparse and (known < _FEW or count >= _MANY * known):
        return Choice(plain, plain_chosen, "own_line")
    if leads:
        headings = gather(text, units, flow, {**marked, **leads})
        return Choice(headings, next(iter(leads.values())).level, "first_sentence")
    if chosen is None and plain_chosen is not None and plain_chosen.shape and count >= _FEWEST:
        return Choice(plain, plain_chosen, "own_line")
    return Choice(by_look, chosen, "emphasis")


def _known(headings: Mapping[int, Heading], level: Level | None, flow: Sequence[int], alone: Container[int]) -> int:
    """How many emphasised headings of a look have text of their own: no group's title, nor above a plain one."""
    following = dict(pairwise(flow))
    return sum(
        heading.level == level
        and heading.followed
        and not names_a_group(heading.text)
        and not (heading.level.whole and following.get(index) in alone)
        for index, heading in headings.items()
    )


def _count(headings: Mapping[int, Heading], level: Level | None) -> int:
    """How many headings of a look have text under them."""
    return sum(heading.level == level and heading.followed for heading in headings.values())
