"""Headings of plain text: short paragraphs that nothing but their wording and their place makes headings.

A filing indents and numbers them all alike, but for those at the top of a page. What most of those that state a risk
have in common is the look of risk factors.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

from streams.analysis.reading.candidates import Mark, plain_look
from streams.analysis.reading.plain_kinds import PlainKind, numbering_of, plain_kinds
from streams.analysis.reading.units import Unit
from streams.analysis.reading.wording import states_a_risk

_FEWEST = 2
"""Headings that state a risk in one sentence, without which two sentences are no heading."""

_FEWEST_TITLES = 3

_Look = tuple[int, str]
"""Indent and numbering."""


def plain_marks(units: Sequence[Unit], flow: Sequence[int], marked: Mapping[int, Mark]) -> dict[int, Mark]:
    """Marks of the headings that only place and wording tell, besides those that emphasis has `marked`."""
    kinds = plain_kinds(units, flow, marked)
    stating = [index for index, kind in kinds.items() if kind == "sentence" and states_a_risk(units[index].text)]
    tops = {index for before, index in pairwise([-1, *flow]) if index - before > 1}
    main = _main_look(units, stating, tops)
    if main is None and len(kinds) < _FEWEST_TITLES:
        return {}
    enough = _enough(kinds, len(stating))
    marks = {}
    for index, kind in kinds.items():
        indent, numbering = _look(units[index])
        # Converters drop the indent of a page's first line.
        alike = main is not None and numbering == main[1] and (indent == main[0] or (index in tops and kind != "title"))
        if alike and main is not None and kind in enough:
            marks[index] = Mark(plain_look("heading", main[0]), units[index].end)
        else:
            marks[index] = Mark(plain_look(kind + numbering, indent), units[index].end)
    return marks


def _enough(kinds: Mapping[int, PlainKind], stating: int) -> set[PlainKind]:
    """The kinds of paragraphs that are headings, if they look like those that state a risk in one sentence."""
    titles = sum(kind == "title" for kind in kinds.values())
    enough: set[PlainKind] = {"sentence"}
    if titles <= stating:
        enough.add("title")
    if stating >= _FEWEST:
        enough.add("sentences")
    return enough


def _main_look(units: Sequence[Unit], stating: Sequence[int], tops: set[int]) -> _Look | None:
    """The look of most headings that state a risk."""
    inside = [index for index in stating if index not in tops]
    looks = Counter(_look(units[index]) for index in inside or stating)
    return looks.most_common(1)[0][0] if looks else None


def _look(unit: Unit) -> _Look:
    return unit.indent, numbering_of(unit.text)
