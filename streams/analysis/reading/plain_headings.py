"""Headings of plain text: short paragraphs that nothing but their wording and their place makes headings.

A filing indents them all alike, but for those at the top of a page. Which short paragraphs they are shows in what is
around them: text that is finished above, and longer text below.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

from streams.analysis.reading.candidates import Mark, plain_look
from streams.analysis.reading.sentences import sentence_ends
from streams.analysis.reading.units import Unit
from streams.analysis.reading.wording import (
    breaks_off,
    carries_on,
    introduces,
    names_a_group,
    states_a_hazard,
    states_a_risk,
)

_LONGEST = 450
"""Characters."""

_LONGEST_OF_TWO = 300
_LONGEST_TITLE = 120
_SHORTEST = 8

_MOST_SENTENCES = 3
_TEXT_UNDER_TWO = 1.4
"""A paragraph of two sentences is a heading only above text that is so many times as long."""

_FEWEST = 2
"""Headings that state a risk, without which none is a heading."""

_FEWEST_TITLES = 3
_FIGURES = re.compile(r"[$%]|\b(?:19|20)\d\d\b")
_NUMBERING = re.compile(r"(?:(\()?(?:\d{1,3}|[ivx]{1,5}|[a-z])(?:\)|\.(?=\s)))\s*", re.IGNORECASE)
_FINISHED = re.compile(r"[.!?:;][\"\u201d\u2019')\]]{0,2}\Z")


def plain_marks(units: Sequence[Unit], flow: Sequence[int], marked: Mapping[int, Mark]) -> dict[int, Mark]:
    """Marks of the headings that only place and wording tell, besides those that emphasis has `marked`."""
    kinds = _kinds(units, flow, marked)
    stating = [index for index, kind in kinds.items() if kind == "sentence" and states_a_risk(units[index].text)]
    tops = _page_tops(flow)
    main = _main_look(units, stating, tops)
    if main is None and len(kinds) < _FEWEST_TITLES:
        return {}
    titles_count = sum(kind == "title" for kind in kinds.values())
    marks = {}
    for index, kind in kinds.items():
        unit = units[index]
        own = (unit.indent, _numbered(unit.text))
        ours = own == main or (index in tops and main is not None and own[1] == main[1])
        if kind == "title":
            ours = own == main and titles_count <= len(stating)
        elif kind == "two sentences":
            ours = ours and len(stating) >= _FEWEST
        shape = "heading" if ours else kind + own[1]
        indent = main[0] if ours and main is not None else unit.indent
        marks[index] = Mark(plain_look(shape, indent), unit.end)
    return marks


def _kinds(units: Sequence[Unit], flow: Sequence[int], marked: Mapping[int, Mark]) -> dict[int, str]:
    """What kind of heading each paragraph can be by itself and by its neighbours, if it can be one."""
    kinds: dict[int, str] = {}
    for place in range(len(flow) - 2, -1, -1):
        before, index, after = flow[place - 1] if place else None, flow[place], flow[place + 1]
        if index in marked:
            continue
        unit, following = units[index], units[after]
        kind = _kind(unit.text) if not (unit.bulleted or unit.row) else None
        if kind is None or following.text[:1].islower() or not _is_finished(units, before, index, marked):
            continue
        # Text that goes on after a page's end counts whole.
        under = len(following.text) + sum(len(units[rest].text) for rest in _rest_of(units, flow, place + 1))
        is_above_heading = after in kinds or (after in marked and marked[after].level.whole)
        if is_above_heading and not names_a_group(unit.text):
            continue
        length = len(unit.text) * (_TEXT_UNDER_TWO if kind == "two sentences" else 1)
        if is_above_heading or under > length or (following.bulleted and kind != "two sentences"):
            kinds[index] = kind
    return dict(sorted(kinds.items()))


def _rest_of(units: Sequence[Unit], flow: Sequence[int], place: int) -> Sequence[int]:
    """The paragraph that goes on with an unfinished one, if the next does."""
    following = flow[place + 1 : place + 2]
    goes_on = not _FINISHED.search(units[flow[place]].text) and following and units[following[0]].text[:1].islower()
    return following if goes_on else ()


def _kind(text: str) -> str | None:
    numbering = _NUMBERING.match(text)
    words = text[numbering.end() :] if numbering else text
    if not _SHORTEST <= len(words) <= _LONGEST or words[0].islower() or words[-1] in ",;:" or carries_on(words):
        return None
    if introduces(words) or breaks_off(words):
        return None
    sentences = len(sentence_ends(words)) + 1
    if sentences == 1:
        if words[-1] in ".!?" or states_a_risk(words):
            return "sentence"
        return "title" if len(words) <= _LONGEST_TITLE or names_a_group(words) else None
    if sentences > _MOST_SENTENCES or len(words) > _LONGEST_OF_TWO or _FIGURES.search(words):
        return None
    return "two sentences" if states_a_hazard(words) else None


def _is_finished(units: Sequence[Unit], before: int | None, index: int, marked: Mapping[int, Mark]) -> bool:
    """Whether the paragraph above is whole, so that this one does not go on with it on a new page."""
    if before is None or before in marked or index - before == 1:
        return True
    unit = units[before]
    return unit.bulleted or len(unit.text) <= _LONGEST or _FINISHED.search(unit.text) is not None


def _page_tops(flow: Sequence[int]) -> set[int]:
    """The paragraphs that stand right under page furniture: converters drop the indent of a page's first line."""
    return {index for before, index in pairwise([-1, *flow]) if index - before > 1}


def _main_look(units: Sequence[Unit], stating: Sequence[int], tops: set[int]) -> tuple[int, str] | None:
    """The indent and the numbering of most headings that state a risk."""
    looks = Counter((units[index].indent, _numbered(units[index].text)) for index in stating if index not in tops)
    if not looks:
        looks = Counter((units[index].indent, _numbered(units[index].text)) for index in stating)
    return looks.most_common(1)[0][0] if looks else None


def _numbered(text: str) -> str:
    """How a paragraph is numbered: "1.", "(1)", or not at all."""
    numbering = _NUMBERING.match(text)
    if numbering is None or numbering.end() >= len(text):
        return ""
    return "(1)" if numbering[1] else "1."
