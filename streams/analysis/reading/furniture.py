"""Page headers, footers and page numbers: what a filing repeats on every page and is no part of its text."""

import re
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise

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
        |(?:item\s*)?1\(?a\)?[\s.:\u2013\u2014-]*risk\s+factors[\s,;:.\u2013\u2014-]*[(\[]?\s*cont(?:inued|['\u2019.]?d?)?[)\].]*\Z
        |risk\s+factors[\s,;:(\[\u2013\u2014-]+cont(?:inued|['\u2019.]?d?)?[)\].]*\Z
        |(?:\d{1,3}\s+)?part\s+i{1,2}\s*[,.\u2013\u2014-]*\s*(?:item\s*1\(?a\)?\.?)?\Z
        |(?:\d{1,3}\s+)?(?:part\s+i{1,2}\s*[,.\u2013\u2014-]*\s*)?items?\s*\d{1,2}[a-c]?(?:\s*(?:,|&|and)\s*(?:item\s*)?\d{1,2}[a-c]?){1,6}\.?(?:\s+\d{1,3})?\Z
        |item\s*1\(?a\)?\.?(?:\s*risk\s+factors\.?)?\Z
        |\(continued(?:\s+on\s+(?:the\s+)?next\s+page)?\)\Z""",
    re.IGNORECASE | re.VERBOSE,
)
_NUMBER_AT_START = re.compile(r"\W*(?:page\s*)?(\d{1,3})(?=[\s|]|\W*\Z)", re.IGNORECASE)
_NUMBER_AT_END = re.compile(r"(?:\A|[\s|\u2013\u2014-])(\d{1,3})\W*\Z")
_DIGITS = re.compile(r"\d+")

_LONGEST_FOOTER = 60
"""Characters of a running footer that is known only by its number."""

_COUNTED = 4
"""Pages in a row on which a footer's number must have gone up."""

_WIDEST_GAP = 3
"""Pages between two such footers: some pages have none."""

_COUNTS_SOMETHING_ELSE = re.compile(
    r"(?:\W*)(?:notes?|items?|exhibits?|parts?|tables?|figures?|sections?|chapters?|schedules?|risks?|phases?|tiers?|levels?|steps?|"
    r"class|series|total|year|fiscal)\b",
    re.IGNORECASE,
)


def find_furniture(blocks: Sequence[Block], numbers: set[int], page_ends: AbstractSet[int]) -> set[int]:
    """The indexes of all blocks that are page furniture; `numbers` and `page_ends` as the functions below find them."""
    short = {index for index in page_ends if len(blocks[index].text) <= _LONGEST}
    repeated = Counter(_pattern(blocks[index].text) for index in short)
    return (
        numbers
        | {index for index, block in enumerate(blocks) if _ALWAYS.match(block.text[:_LONGEST])}
        | {index for index in short if repeated[_pattern(blocks[index].text)] >= _REPEATED}
    )


def find_page_numbers(blocks: Sequence[Block]) -> set[int]:
    """The indexes of all blocks that are page numbers, or footers that count the pages."""
    return _page_numbers(blocks) | _counting_footers(blocks)


def find_page_ends(blocks: Sequence[Block], numbers: AbstractSet[int]) -> set[int]:
    """The indexes of all blocks near a page number or a page break."""
    ends: set[int] = set()
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


def _counting_footers(blocks: Sequence[Block]) -> set[int]:
    """Short texts that are the same but for a number, which counts the pages: "TARNBECK CO. K - 7", "K - 8", ..."""
    series: dict[str, list[tuple[int, int]]] = {}
    for index, block in enumerate(blocks):
        text = block.text
        if len(text) > _LONGEST_FOOTER or block.table is not None:
            continue
        if number := _NUMBER_AT_END.search(text) or _NUMBER_AT_START.match(text):
            rest = text[: number.start(1)] + text[number.end(1) :]
            if any(map(str.isalpha, rest)) and not _COUNTS_SOMETHING_ELSE.match(rest):
                series.setdefault(rest, []).append((index, int(number[1])))
    found: set[int] = set()
    for places in series.values():
        steps = [later - earlier for (_, earlier), (_, later) in pairwise(places)]
        if len(steps) >= _COUNTED - 1 and all(1 <= step <= _WIDEST_GAP for step in steps):
            found.update(index for index, _ in places)
    return found


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
