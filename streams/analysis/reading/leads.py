"""Headings that nothing marks: the first words of paragraphs or bullets that each hold one risk.

Only if nothing else in the item is a heading. Then most of the text stands in bullets, each led by a phrase or by a
sentence; or some paragraphs start with a phrase, or a sentence, that is written as a title; or the paragraphs are alike
and start by stating a risk.
"""

import re
from collections.abc import Sequence

from streams.analysis.reading.candidates import Mark
from streams.analysis.reading.sentences import sentence_ends
from streams.analysis.reading.units import Level, Unit
from streams.analysis.reading.wording import carries_on, introduces, is_no_risk, states_a_hazard

_LONGEST = 300
"""Characters of a first sentence."""

_LONGEST_PHRASE = 160
"""Characters of a phrase before a colon or a dash."""

_SHORT_PHRASE = 60
_PHRASE_END = re.compile(r"(?:: |\s[\u2013\u2014-]{1,2}\s|\u2014)(?=[\"\u201c]?[A-Z])")
_SHORTEST = 3
_SHORTEST_REST = 40
"""Characters of text after the lead: a bullet of one sentence is a point of a list."""

_SHORTEST_PARAGRAPH = 80
_FEWEST = 3
_MOSTLY = 0.6

_LONG_WORD = re.compile(r"[^\W\d_][^\W\d_\u2019'-]{3,40}")
_TITLED = 0.8
"""Share of a title's longer words that start with a capital."""

_FEWEST_WORDS = 3
_SHORTEST_CAPITALS = 5
"""Characters of a title in capitals; what is shorter is an abbreviation."""

_LONGEST_FACTOR = 5_000
"""Characters of text for each title: fewer titles than this are not what parts the item."""


def lead_marks(units: Sequence[Unit], flow: Sequence[int]) -> dict[int, Mark]:
    """Marks of the leads of bullets, or else of paragraphs; none if they are not alike."""
    return _of_bullets(units, flow) or _titles(units, flow) or _of_paragraphs(units, flow)


def _of_bullets(units: Sequence[Unit], flow: Sequence[int]) -> dict[int, Mark]:
    bullets = [index for index in flow if units[index].bulleted]
    if not bullets:
        return {}
    ends = {index: end for index in bullets if (end := _lead_end(units[index])) is not None}
    listed = sum(len(units[index].text) for index in flow if index >= bullets[0])
    whole = sum(len(units[index].text) for index in flow)
    if len(ends) < _FEWEST or len(ends) < _MOSTLY * len(bullets) or listed < _MOSTLY * whole:
        return {}
    return {index: Mark(_level(bulleted=True), end) for index, end in ends.items()}


def _titles(units: Sequence[Unit], flow: Sequence[int]) -> dict[int, Mark]:
    """Marks of leads that are written as titles, each word with a capital."""
    ends = {}
    for index in flow:
        unit = units[index]
        end = None if unit.bulleted or unit.row else _lead_end(unit)
        if end is not None:
            lead = _lead(unit, end)
            if (_is_title(lead) or _is_phrase(lead)) and not is_no_risk(lead):
                ends[index] = end
    whole = sum(len(units[index].text) for index in flow)
    if len(ends) < _FEWEST or len(ends) * _LONGEST_FACTOR < whole:
        return {}
    return {index: Mark(_level(bulleted=False), end) for index, end in ends.items()}


def _of_paragraphs(units: Sequence[Unit], flow: Sequence[int]) -> dict[int, Mark]:
    paragraphs = [
        index
        for index in flow
        if not (units[index].bulleted or units[index].row) and len(units[index].text) >= _SHORTEST_PARAGRAPH
    ]
    ends = {}
    for index in paragraphs:
        end = _lead_end(units[index])
        if end is not None:
            sentence = _lead(units[index], end)
            if states_a_hazard(sentence) and not (carries_on(sentence) or introduces(sentence)):
                ends[index] = end
    if len(ends) < _FEWEST or len(ends) < _MOSTLY * len(paragraphs):
        return {}
    return {index: Mark(_level(bulleted=False), end) for index, end in ends.items()}


def _level(*, bulleted: bool) -> Level:
    return Level(False, False, False, False, False, 0, False, bulleted, "first sentence")  # noqa: FBT003


def _is_title(lead: str) -> bool:
    if lead.isupper() and len(lead) >= _SHORTEST_CAPITALS:
        return True
    words = _LONG_WORD.findall(lead)
    return len(words) >= _FEWEST_WORDS and sum(word[0].isupper() for word in words) >= _TITLED * len(words)


def _is_phrase(lead: str) -> bool:
    """Whether it is a short phrase before a colon or a dash, and no sentence."""
    return len(lead) <= _SHORT_PHRASE and lead.rstrip()[-1:] not in ".!?" and len(lead.split()) > 1


def _lead(unit: Unit, end: int) -> str:
    start = unit.end - len(unit.text)
    return unit.text[unit.content - start : end - start]


def _lead_end(unit: Unit) -> int | None:
    """Where the paragraph's first sentence, or a phrase before a colon or dash, ends; None if no text comes after."""
    text = _lead(unit, unit.end)
    ends = sentence_ends(text, _LONGEST + 1)
    phrase = _PHRASE_END.search(text, 0, _LONGEST_PHRASE)
    end = min([*ends[:1], *([phrase.end()] if phrase else [])], default=None)
    if end is None or end < _SHORTEST or len(text) - end < _SHORTEST_REST or text[:1].islower():
        return None
    return unit.content + len(text[:end].rstrip())
