"""Item 3.D of a 20-F: the risk factors of a foreign issuer."""

import re
from bisect import bisect_right

from streams.analysis.reading.filing import Filing
from streams.analysis.reading.locate import SUBSTANTIAL, Span
from streams.analysis.reading.model import Status

_RISK_FACTORS = re.compile(
    r"(?:(?:item\s*)?3?\s*\.?\s*\(?d[.):\s\u2013\u2014-]+)?risk\s+factors(?P<end>\s*(?:[.:\u2013\u2014-]|\Z))",
    re.IGNORECASE,
)
_ITEM_3, _ITEM_4 = 3, 4


def locate_in_foreign_report(filing: Filing) -> tuple[Status, Span | None]:
    """The last section between a heading "D. Risk factors" inside Item 3 and the heading of Item 4 that has text.

    The one before it is the table of contents.
    """
    item_3 = [heading.block for heading in filing.headings if heading.item[0] == _ITEM_3]
    item_4 = [heading.block for heading in filing.headings if heading.item[0] >= _ITEM_4 and not heading.bare]
    best: Span | None = None
    for index, block in enumerate(filing.blocks):
        match = None if block.table is not None else _RISK_FACTORS.match(block.text)
        if match is None or not bisect_right(item_3, index):
            continue
        following = bisect_right(item_4, index)
        end = item_4[following] if following < len(item_4) else len(filing.blocks)
        if best is not None and best.end == end:
            continue
        whole = match.end() >= len(block.text)
        first = index + 1 if whole else index
        if filing.length(first, end) >= SUBSTANTIAL:
            best = Span(block.text[: match.start("end")], index, first, 0 if whole else match.end(), end)
    return ("found", best) if best else ("not_found", None)
