"""Page headers, footers and page numbers: what a filing repeats on every page and is no part of its text."""

import re
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from streams.analysis.reading.blocks import Block

_LONGEST = 150
"""Characters of a running header or footer."""

_REPEATED = 4
"""Times that a short text must stand at page ends before it counts as a running header or footer."""

_NEAR = 3
"""Blocks between a page's end and its running header: company name, part, item, and a link to the contents."""

_PAGE_NUMBER = re.compile(
    r"\W*(?:page\s*)?(?:[A-F]-)?(?:\d{1,3}|[ivxl]{1,6})(?:\s*(?:of|/)\s*\d{1,3})?\W*\Z", re.IGNORECASE
)
_ALWAYS = re.compile(
    r"""\W*(?:(?:back\s+to|return\s+to|go\s+to)\s+)?(?:the\s+)?(?:table\s+of\s+contents?|index|contents)(?:\s+\d{1,3})?\W*\Z
        |(?:item\s*)?1\(?a\)?[\s.:\u2013\u2014-]*risk\s+factors\s*[\s\u2013\u2014-]*[(\[]?cont(?:inued|['\u2019.]?d?)?[)\].]*\Z
        |risk\s+factors\s*[(\[\u2013\u2014-]+\s*cont(?:inued|['\u2019.]?d?)?[)\].]*\Z
        |part\s+i{1,2}\s*[,.\u2013\u2014-]*\s*(?:item\s*1\(?a\)?\.?)?\Z
        |item\s*1\(?a\)?\.?(?:\s*risk\s+factors\.?)?\Z
        |\(continued(?:\s+on\s+(?:the\s+)?next\s+page)?\)\Z""",
    re.IGNORECASE | re.VERBOSE,
)
_NUMBER_AT_START = re.compile(r"\W*(?:page\s*)?(\d{1,3})(?=[\s|]|\W*\Z)", re.IGNORECASE)
_NUMBER_AT_END = re.compile(r"(?:\A|[\s|\u2013\u2014-])(\d{1,3})\W*\Z")
_DIGITS = re.compile(r"\d+")


def find_furniture(blocks: Sequence[Block], page_ends: AbstractSet[int]) -> set[int]:
    """The indexes of all blocks that are page furniture."""
    short = {index for index in page_ends if len(blocks[index].text) <= _LONGEST}
    repeated = Counter(_pattern(blocks[index].text) for index in short)
    return (
        _page_numbers(blocks)
        | {index for index, block in enumerate(blocks) if _ALWAYS.match(block.text[:_LONGEST])}
        | {index for index in short if repeated[_pattern(blocks[index].text)] >= _REPEATED}
    )


def find_page_ends(blocks: Sequence[Block]) -> set[int]:
    """The indexes of all blocks near a page number or a page break."""
    ends: set[int] = set()
    numbers = _page_numbers(blocks)
    for index in range(len(blocks)):
        if index in numbers or (index and blocks[index].page != blocks[index - 1].page):
            ends.update(range(max(0, index - _NEAR), min(len(blocks), index + _NEAR + 1)))
    return ends


def _page_numbers(blocks: Sequence[Block]) -> set[int]:
    return {
        index
        for index, block in enumerate(blocks)
        if block.table is None and is_page_number(block.text) and not _in_data(blocks, index)
    }


def is_page_number(text: str) -> bool:
    """Whether the text is nothing but a page number."""
    return len(text) <= 20 and _PAGE_NUMBER.match(text) is not None


def printed_page(text: str) -> int | None:
    """The page number in a running header or footer, at its start or end."""
    match = None if _ALWAYS.match(text[:_LONGEST]) else _NUMBER_AT_END.search(text) or _NUMBER_AT_START.match(text)
    return int(match[1]) if match else None


def _in_data(blocks: Sequence[Block], index: int) -> bool:
    """Whether a number stands in a table row with other text, so that it is a figure."""
    row = blocks[index].row
    if not row:
        return False
    neighbours = [*blocks[max(0, index - 2) : index], *blocks[index + 1 : index + 3]]
    return any(block.row == row and not _ALWAYS.match(block.text) for block in neighbours)


def _pattern(text: str) -> str:
    return _DIGITS.sub("#", text.casefold())
