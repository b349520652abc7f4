"""Risk factors in a table: a row each, the risk in one column and what it means in the next."""

from collections.abc import Sequence
from itertools import groupby

from streams.analysis.reading.candidates import Mark
from streams.analysis.reading.units import Level, Unit

_FEWEST = 3
_SHORTEST_NAME = 5
"""Characters; what is shorter numbers the row."""

_LONGEST = 300
_TEXT = 60
"""Characters that the shortest description has."""

_LONGER = 1.5
_MOSTLY = 0.6


def row_marks(units: Sequence[Unit], flow: Sequence[int]) -> dict[int, Mark]:
    """Marks of the cells that name a risk; none where rows of such a kind do not hold most of the text."""
    level = Level(True, False, False, False, False, 0, False, False, "first column")  # noqa: FBT003
    marks = {}
    held = 0
    for row, members in groupby(flow, key=lambda index: units[index].row):
        cells = list(members)
        if not row or len(cells) < 2:
            continue
        lengths = [units[index].end - units[index].content for index in cells]
        named = 0 if lengths[0] >= _SHORTEST_NAME or len(cells) == 2 else 1
        name, rest = units[cells[named]], sum(lengths[named + 1 :])
        if lengths[named] <= _LONGEST and rest >= max(_TEXT, _LONGER * lengths[named]):
            marks[cells[named]] = Mark(level, name.end)
            held += rest + lengths[named]
    whole = sum(len(units[index].text) for index in flow)
    return marks if len(marks) >= _FEWEST and held >= _MOSTLY * whole else {}
