"""Find Item 1A where no "Item" headings stand in the body but an index says on which pages each item is.

Some large companies arrange their report freely and end or begin it with a cross-reference index. Then the
heading is just "Risk Factors", and its section ends where the next section of the same rank starts.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from itertools import islice

from streams.analysis.reading.cover import FIRST_YEAR, reported_year
from streams.analysis.reading.filing import Filing
from streams.analysis.reading.furniture import is_page_number, printed_page
from streams.analysis.reading.headings import ITEM_1A, ItemHeading
from streams.analysis.reading.locate import SUBSTANTIAL, Span
from streams.analysis.reading.looks import Look
from streams.analysis.reading.model import Status
from streams.analysis.reading.wording import names_a_group

_HEADING = re.compile(
    r"""(?:item\s+)?(?:certain\s+|our\s+)?risk\s+factors
        (?P<end>\s*(?:[.:]|[\u2013\u2014-]|\Z|(?:relat(?:ing|ed)\s+to|that\s+(?:may|could|might)\s+affect|affecting)\b[^.]{1,100}\Z)\s*)""",
    re.IGNORECASE | re.VERBOSE,
)
_RISK_FACTORS = re.compile(r"risk\s+factors", re.IGNORECASE)
_PAGES = re.compile(r"(\d{1,3})(?:\s*[-\u2013\u2014]\s*(\d{1,3}))?\W*\Z")
_ROW_LENGTH = 8
"""Blocks of an index entry: number, title, pages, and empty columns between them."""

_BODY_ITEMS = 3
_BODY_TEXT = 1_500
"""So many item headings with so many characters under them show that the report is arranged by items."""

_MOST_CANDIDATES = 20
_LONGEST_BANNER = 80
"""Characters of a section's title."""


def locate_by_index(filing: Filing) -> tuple[Status, Span | None]:
    """The section headed "Risk Factors", if there is evidence that it is Item 1A.

    Evidence is an index or table of contents that names Item 1A, or a report for a year that must have it and
    that is not arranged by items; a section of that name in an older report is no Item 1A.
    """
    entry = next((heading for heading in filing.headings if heading.item == ITEM_1A and not heading.bare), None)
    if entry is None and (_arranged_by_items(filing) or (reported_year(filing.blocks) or 0) <= FIRST_YEAR):
        return "not_found", None
    finder = _Finder(filing, entry)
    best = max(islice(finder.spans(), _MOST_CANDIDATES), key=finder.rank, default=None)
    return ("found", best) if best is not None else ("not_found", None)


def _arranged_by_items(filing: Filing) -> bool:
    ends = [*(heading.block for heading in filing.headings[1:]), len(filing.blocks)]
    full = {
        heading.item
        for heading, end in zip(filing.headings, ends, strict=False)
        if heading.item[0] and not heading.bare and filing.length(min(heading.body, end), end) > _BODY_TEXT
    }
    return len(full) >= _BODY_ITEMS


class _Finder:
    """The candidates of one filing, and what its index says of them."""

    def __init__(self, filing: Filing, entry: ItemHeading | None) -> None:
        self.filing = filing
        self.blocks = filing.blocks
        self.item_ends = [heading.block for heading in filing.headings if heading.item > ITEM_1A and not heading.bare]
        self.first_page, self.last_page = self._pages_of(entry) if entry else (None, None)
        self.targets = {block.link for block in self.blocks if block.link is not None}
        self.risk_targets = {block.link for block in self.blocks if block.link and _RISK_FACTORS.search(block.text)}

    def _pages_of(self, entry: ItemHeading) -> tuple[int | None, int | None]:
        """The pages that the index gives for the item, in the last cell of its row or at the end of its line."""
        row = self.blocks[entry.block].row
        for block in self.blocks[entry.block : entry.block + _ROW_LENGTH]:
            if block.row == row and (match := _PAGES.match(block.text) if row else _PAGES.search(block.text)):
                return int(match[1]), int(match[2] or match[1])
        return None, None

    @cached_property
    def printed_pages(self) -> list[int | None]:
        """For each block the page number printed at the foot of its page."""
        pages: list[int | None] = []
        page = None
        for index in range(len(self.blocks) - 1, -1, -1):
            if index in self.filing.furniture:
                page = printed_page(self.blocks[index].text) or page
            pages.append(page)
        return pages[::-1]

    def spans(self) -> Iterator[Span]:
        """The sections headed "Risk Factors"."""
        for index, block in enumerate(self.blocks):
            if block.table is not None or index in self.filing.furniture:
                continue
            match = _HEADING.match(block.text)
            if match is None or self._listed(index):
                continue
            look = self.filing.look(index)
            whole = match.end() >= len(block.text)
            if not whole and not look.stands_out:
                continue
            first = index + 1 if whole else index
            end = self._end(index, first, look)
            if self.filing.length(first, end) >= SUBSTANTIAL:
                yield Span(block.text[: match.start("end")], index, first, 0 if whole else match.end(), end)

    def rank(self, span: Span) -> tuple[int, int, int]:
        """Linked from the contents, on the page that the index gives, looking like a heading, long."""
        anchor = self.blocks[span.heading].anchor
        linked = anchor is not None and anchor in self.risk_targets
        page = self.printed_pages[span.heading]
        on_page = page is not None and self.first_page is not None and abs(page - self.first_page) <= 1
        return linked + on_page, int(self.filing.look(span.heading).stands_out), span.length(self.filing)

    def _listed(self, index: int) -> bool:
        """Whether the block is an entry of a table of contents: a link, or followed by a page number."""
        block = self.blocks[index]
        if block.link is not None:
            return True
        following = self.blocks[index + 1] if index + 1 < len(self.blocks) else None
        return (
            following is not None and block.row != 0 and following.row == block.row and is_page_number(following.text)
        )

    def _end(self, heading: int, first: int, look: Look) -> int:
        """Where the next section of the same rank starts, not before the last page that the index gives.

        If none has the very same look, capitals make no difference: "RISK FACTORS", then "Sales and Marketing".
        """
        limit = next((end for end in self.item_ends if end > heading), len(self.blocks))
        alike: int | None = None
        for index in range(first, limit):
            block = self.blocks[index]
            if index in self.filing.furniture or block.table is not None or _HEADING.match(block.text):
                continue
            linked = block.anchor in self.targets and block.anchor != self.blocks[index - 1].anchor and index > first
            if not linked and (not look.stands_out or names_a_group(block.text) or not self._after_last_page(index)):
                continue
            own = look if linked else self.filing.look(index)
            if own == look and self._after_last_page(index):
                return index
            if alike is None and self._is_banner(index, own, look):
                alike = index
        return limit if alike is None else alike

    def _is_banner(self, index: int, look: Look, other: Look) -> bool:
        """Whether a short block differs from the section's heading by nothing but capitals."""
        alike = replace(look, caps=other.caps) == other and (look.stands_out or look.caps)
        return alike and self.last_page is not None and len(self.blocks[index].text) <= _LONGEST_BANNER

    def _after_last_page(self, index: int) -> bool:
        page = self.printed_pages[index]
        return self.last_page is None or page is None or page >= self.last_page
