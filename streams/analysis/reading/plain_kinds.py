"""Which paragraphs of plain text can be headings: short ones, with finished text above and longer text below."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from streams.analysis.reading.candidates import Mark
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

PlainKind = Literal["sentence", "sentences", "title"]
"""One sentence, or a clause that states a risk; two or three sentences; a phrase."""

_LONGEST = 450
_LONGEST_WITHOUT_STOP = 450
"""Characters; a paragraph of text ends in a full stop."""

_LONGEST_OF_TWO = 300
_LONGEST_TITLE = 120
_SHORTEST = 8

_MOST_SENTENCES = 3
_TEXT_UNDER_TWO = 1.4
"""A paragraph of two sentences is a heading only above text that is so many times as long."""

_FIGURES = re.compile(r"[$%]|\b(?:19|20)\d\d\b")
_FINISHED = re.compile(r"[.!?:;][\"\u201d\u2019')\]]{0,2}\Z")
_NUMBERING = re.compile(r"(?:(\()?(?:\d{1,3}|[ivx]{1,5}|[a-z])(?:\)|\.(?=\s)))\s*", re.IGNORECASE)

_WORD = re.compile(r"[^\W\d_]{5,40}")
_STEM = 5
_SAID_ALWAYS = frozenset(
    [
        "adver",
        "affec",
        "busin",
        "condi",
        "could",
        "finan",
        "futur",
        "mater",
        "negat",
        "opera",
        "other",
        "resul",
        "which",
    ]
)
"""Stems of words that most risk factors have."""

_RESTATED = 0.4
_FEWEST_RESTATED = 2


def plain_kinds(units: Sequence[Unit], flow: Sequence[int], marked: Mapping[int, Mark]) -> dict[int, PlainKind]:
    """What kind of heading each paragraph can be, by index of its unit, besides those that emphasis has `marked`."""
    kinds: dict[int, PlainKind] = {}
    for place in range(len(flow) - 2, -1, -1):
        before, index, after = flow[place - 1] if place else None, flow[place], flow[place + 1]
        unit, following = units[index], units[after]
        kind = _kind(unit.text) if not (index in marked or unit.bulleted or unit.row) else None
        if kind is None or following.text[:1].islower() or not _is_finished(units, before, index, marked):
            continue
        if after in kinds and kind != "title" and _restates(following.text, unit.text):
            # The text's first paragraph is as short as a heading, but it says what the one above says.
            del kinds[after]
            kinds[index] = kind
        elif after in kinds or (after in marked and marked[after].level.whole):
            if names_a_group(unit.text):
                kinds[index] = kind
        elif _is_longer(units, flow, place, kind, lambda other: other in kinds or other in marked):
            kinds[index] = kind
    return dict(sorted(kinds.items()))


def numbering_of(text: str) -> str:
    """How a paragraph is numbered: "1.", "(1)", or not at all."""
    numbering = _NUMBERING.match(text)
    if numbering is None or numbering.end() >= len(text):
        return ""
    return "(1)" if numbering[1] else "1."


def _kind(text: str) -> PlainKind | None:
    numbering = _NUMBERING.match(text)
    words = text[numbering.end() :] if numbering else text
    if not _SHORTEST <= len(words) <= _LONGEST_WITHOUT_STOP or words[0].islower() or words[-1] in ",;:":
        return None
    if carries_on(words) or introduces(words) or breaks_off(words):
        return None
    sentences = len(sentence_ends(words)) + 1
    if sentences == 1 and words[-1] in ".!?":
        return "sentence" if len(words) <= _LONGEST else None
    if sentences == 1:
        return "sentence" if states_a_risk(words) else "title" if len(words) <= _LONGEST_TITLE else None
    if sentences > _MOST_SENTENCES or len(words) > _LONGEST_OF_TWO or _FIGURES.search(words):
        return None
    return "sentences" if states_a_hazard(words) else None


def _is_longer(
    units: Sequence[Unit], flow: Sequence[int], place: int, kind: PlainKind, heads: Callable[[int], bool]
) -> bool:
    """Whether the text from a paragraph down to the next heading is longer than it."""
    if units[flow[place + 1]].bulleted and kind != "sentences":
        return True
    wanted = len(units[flow[place]].text) * (_TEXT_UNDER_TWO if kind == "sentences" else 1)
    for other in range(place + 1, len(flow)):
        index = flow[other]
        if heads(index):
            return False
        wanted -= len(units[index].text)
        if wanted < 0:
            return True
    return False


def _restates(below: str, above: str) -> bool:
    """Whether a paragraph says in other words what the one above it says."""
    said = _stems(above)
    again = said & _stems(below)
    return len(again) >= _FEWEST_RESTATED and len(again) >= _RESTATED * len(said)


def _stems(text: str) -> set[str]:
    return {word[:_STEM].casefold() for word in _WORD.findall(text)} - _SAID_ALWAYS


def _is_finished(units: Sequence[Unit], before: int | None, index: int, marked: Mapping[int, Mark]) -> bool:
    """Whether the paragraph above is whole, so that this one does not go on with it on a new page."""
    if before is None or before in marked or index - before == 1:
        return True
    unit = units[before]
    return unit.bulleted or len(unit.text) <= _LONGEST or _FINISHED.search(unit.text) is not None
