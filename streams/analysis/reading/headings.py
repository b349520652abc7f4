"""Recognise the headings of the items of a 10-K, 10-Q or 20-F, and tell them from prose that starts like one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from streams.analysis.reading.blocks import Block
from streams.analysis.reading.titles import TALKS_ABOUT, TITLES, is_own_title, is_title

_LONGEST = 400
"""Characters of a block that are looked at: the longest official title, Item 12's, has 90."""

_ITEM = re.compile(
    r"""(?:part\s+(?P<part>i{1,3}|iv)\b[\s,.:;/|\u2013\u2014-]*)?
        i\s?tems?\s*(?:no\.?|number|\#)?\s*
        \(?(?P<number>\d{1,2}|[il](?=\s?[.(]?\s?[abc]\b))\s?[.\u2013\u2014-]?\s?\(?\s?
        (?P<letter>[abcd](?![a-z0-9'\u2019])|a(?=risk)|b(?=unresolved)|c(?=cybersec))?\s?\)?
        (?:(?![a-z0-9(])|(?=risk\s?f|unresolved|cybersec|propert|legal\s?pro|mine\s?saf|submission|market\s?for|selected|management))""",
    re.IGNORECASE | re.VERBOSE,
)
"""Also with the title glued to it ("Item 1ARisk Factors", "Item 2Properties")."""

_WITHOUT_ITEM = re.compile(
    r"""(?:(?P<number>1)\s?\(?(?P<letter>[abc])\)?|(?P<whole>[234]))[.:/\s\u2013\u2014-]++
        (?=risk\s+factors|unresolved\s+staff|cybersecurity\W*\Z|(?:description\s+of\s+)?propert(?:y|ies)\W*\Z
          |legal\s+proceedings\W*\Z|mine\s+safety)""",
    re.IGNORECASE | re.VERBOSE,
)
_AND_ITEMS = re.compile(
    r"(?:[\s.,]{0,3}(?:and|&|/|,|through)\s{0,3}(?:items?\s{0,3})?\d{1,2}\s?[.(]?\s?(?P<last>[abcd](?![a-z]))?\)?(?!\d)){1,4}",
    re.IGNORECASE,
)
"""What makes one heading of several items: "Items 1 and 1A", "Items 1A, 1B and 1C"."""

_NAMES_1A = re.compile(r"1\s?[.(]?\s?a\b", re.IGNORECASE)
_SAYS_SOMETHING = re.compile(r"[^\W\d_]{3}")
_ITEM_ALONE = re.compile(r"items?\W{0,2}\Z", re.IGNORECASE)
_SEPARATOR = re.compile(r"[\s.:;,|/\u00b7\u2022\u2013\u2014\u2015*)-]+")
_LEADER = re.compile(
    r"[\s.\u2026_\u00b7\u2013\u2014-]*+(?:pages?\s*+)?(?:\d{1,3}|[ivx]{1,5})?(?:\s*+[,\u2013\u2014-]\s*+\d{1,3})*+[\s.]*+\Z",
    re.IGNORECASE,
)
"""What a table of contents has after a title: dots and page numbers, or nothing."""

RISK_TITLE = re.compile(
    r"""(?:(?:certain|summary\s+of|principal|material|key|important|additional|other|special|our|the|company|general|business|investment)\s+){0,3}
        (?:r\s?i\s?s\s?k\s{0,3}f\s?actors?
          |(?:risk\s+|investment\s+)?considerations\b
          |(?:risks?|uncertainties)(?:\s+and\s+(?:uncertainties|risks?))?\b(?!\s+(?:management|oversight|committee))
          |(?:cautionary|forward[\s-]looking)\s+(?:statements?|factors)
          |factors?\s+(?:(?:that|which)\s+(?:may|could|might)\s+)?affect(?:ing)?\b
          |factors?\s+to\s+(?:be\s+)?consider(?:ed)?\b)""",
    re.IGNORECASE | re.VERBOSE,
)
_ONLY_RISK_FACTORS = re.compile(r"(?:certain\s+|our\s+)?risk\s+factors\W{0,3}\Z", re.IGNORECASE)
_HAS_RISK_FACTORS = re.compile(r"risk\s+factors", re.IGNORECASE)
NOT_REQUIRED = re.compile(
    r"""(?:not\s+(?:applicable|required)|n/?a\b|none\b|omitted|inapplicable|we\s+are\s+a\s+(?:smaller|small)|(?:as|because)\s+we\s+are\s+a
        |(?:a\s+)?smaller\s+reporting|this\s+item\s+is\s+not|\[?(?:intentionally\s+)?omitted|\[?reserved)""",
    re.IGNORECASE | re.VERBOSE,
)
"""How an item starts that says nothing, where even the title is left out."""

_CONTINUED = re.compile(
    r"""[\s,;:.\u2013\u2014-]*+(?:[(\[]\s?cont(?:inued|[.'\u2019]?d?)[.\s]{0,2}[)\]]\s*+|cont(?:inued|[.'\u2019]?d?)\b[.)\]\s]*+\Z)""",
    re.IGNORECASE | re.VERBOSE,
)
_PROSE = re.compile(
    r"""(?:for|of|in|to|on|at|by|as|which|above|below|herein|included?|contained|set|beginning|starting|are|is|was|were|have|has|may|section
        |appearing|and\s+(?:elsewhere|in|item|part|the\s+section|under|other|note)|or|under|entitled|contains?|describes?|provides?|through
        |from|together|within|also|should|will|can|could)\b|["\u201d\u2019)]""",
    re.IGNORECASE | re.VERBOSE,
)
_IN_BRACKETS = re.compile(r"[(\[][^()\[\]]{0,80}[)\]][.:]?\s*\Z")
_TITLE_GOES_ON = re.compile(
    r"(?:and|that|which|related?|relating|affecting|associated|concerning|regarding|pertaining|of\s+(?:the\s+company|our))\b",
    re.IGNORECASE,
)
_PART = re.compile(
    r"part\s+(i{1,3}|iv)\.?(?:\s*[\u2013\u2014:.-]*\s*(?:other|financial)\s+information)?\Z", re.IGNORECASE
)
_UNRESOLVED = re.compile(r"unresolved\s+staff\s+comments?[.:]?\Z", re.IGNORECASE)
_SIGNATURES = re.compile(r"signatures?[.:]?\Z", re.IGNORECASE)
_LONGEST_TITLE = 160


ITEM_1A = (1, "A")
_FURTHEST_SLIP = 2
"""The highest number that Item 1A was seen to have by mistake."""

_PARTS = {"I": 0, "II": 5, "III": 10, "IV": 15}


@dataclass(frozen=True, slots=True)
class ItemHeading:
    """A heading as the filing has it.

    `item` is its number and letter, so that headings order as the form does; parts count as the item they
    start with. The text after it starts in block `body`, at character `offset` of the block's text.
    """

    item: tuple[int, str]
    block: int
    body: int
    offset: int
    title: str
    continued: bool = False
    bare: bool = False
    """The number stands alone: a heading whose title is missing, or a running page header."""
    joint: bool = False
    """It heads other items, too, from Item 1 on: Item 1A starts further down."""
    doubtful: bool = False
    """It counts as Item 1A's only if nothing better does: its number is a slip, or its title nobody else's."""


def find_headings(blocks: Sequence[Block]) -> list[ItemHeading]:
    """All headings of items, in reading order, those of tables of contents and page headers among them."""
    found: list[ItemHeading] = []
    without_item: list[ItemHeading] = []
    for index, block in enumerate(blocks):
        if block.table is None:
            first = block.text[:1]
            if first in "IiPpUuSs":
                heading = read_heading(blocks, index)
                if heading is not None:
                    found.append(heading)
            elif first in "1234" and (heading := _without_item(blocks, index)):
                without_item.append(heading)
    # Numbers alone head items only in a report that heads Item 1A so; elsewhere "2. Properties" is a note's title.
    if any(heading.item == ITEM_1A for heading in without_item):
        return sorted(found + without_item, key=lambda heading: heading.block)
    return found


def read_heading(blocks: Sequence[Block], index: int) -> ItemHeading | None:
    """The heading that starts with this block, None where it is none."""
    text = blocks[index].text
    match = _ITEM.match(text[:_LONGEST])
    if match is None:
        return _parted(blocks, index) if _ITEM_ALONE.match(text) else _unnumbered(blocks, index)
    number = match["number"]
    item = (int(number) if number.isdigit() else 1, (match["letter"] or "").upper())
    start = match.end()
    joint = False
    if others := _AND_ITEMS.match(text[:_LONGEST], start):
        start = others.end()
        joint = item == (1, "") and _NAMES_1A.search(others[0]) is not None
    separator = _SEPARATOR.match(text, start)
    start = separator.end() if separator else start
    if joint:
        return _joint(blocks, index, start)
    if start < len(text):
        return _titled(blocks[index], index, item, start)
    return _title_in_next_block(blocks, index, item)


def _parted(blocks: Sequence[Block], index: int) -> ItemHeading | None:
    """A heading whose word "Item" stands on a line of its own."""
    following = blocks[index + 1] if index + 1 < len(blocks) else None
    if following is None or following.table is not None or not following.text[:1].isdigit():
        return None
    word = "Item "
    joined = Block(word + following.text, [], following.container, following.row, following.cell)
    heading = read_heading([joined, *blocks[index + 2 : index + 3]], 0)
    if heading is None:
        return None
    offset = max(0, heading.offset - len(word)) if heading.body == 0 else heading.offset
    return replace(heading, block=index, body=heading.body + index + 1, offset=offset)


def _without_item(blocks: Sequence[Block], index: int) -> ItemHeading | None:
    """A heading that has the number, and not the word "Item"."""
    text = blocks[index].text
    match = _WITHOUT_ITEM.match(text[:_LONGEST])
    if match is None:
        return None
    item = (int(match["whole"] or match["number"]), (match["letter"] or "").upper())
    return _titled(blocks[index], index, item, match.end())


def _joint(blocks: Sequence[Block], index: int, start: int) -> ItemHeading | None:
    """The heading of Items 1 and 1A together, if it names risk factors."""
    text, body = blocks[index].text, index + 1
    if start >= len(text) and body < len(blocks) and blocks[body].table is None:
        text, body = f"{text} {blocks[body].text}", index + 2
    if len(text) > _LONGEST_TITLE or not _HAS_RISK_FACTORS.search(text) or TALKS_ABOUT.search(text):
        return None
    return ItemHeading(ITEM_1A, index, body, 0, text, joint=True)


def _titled(block: Block, index: int, item: tuple[int, str], start: int) -> ItemHeading | None:
    """A heading whose number and title stand in one block, with text after it or not."""
    if item == ITEM_1A:
        return _titled_1a(block.text, index, start)
    if item[0] <= _FURTHEST_SLIP and _ONLY_RISK_FACTORS.match(block.text, start):
        return ItemHeading(ITEM_1A, index, index + 1, 0, block.text, doubtful=True)
    if not is_title(block.text[start:_LONGEST]):
        return None
    return ItemHeading(item, index, index, start, block.text[:_LONGEST_TITLE])


def _titled_1a(text: str, index: int, start: int) -> ItemHeading | None:
    """Item 1A's heading; what follows its title tells whether it is one: nothing, a page number, text, or prose."""
    title = RISK_TITLE.match(text, start)
    if title is None:
        return _titled_otherwise(text, index, start)
    rest = text[title.end() :].lstrip(" ")
    if _is_prose(rest, text):
        return None
    heading = text[: title.end()]
    if continued := _CONTINUED.match(rest):
        return ItemHeading(ITEM_1A, index, index, title.end() + continued.end(), heading, continued=True)
    if _LEADER.match(rest) or (_IN_BRACKETS.match(rest) and not NOT_REQUIRED.search(rest)):
        return ItemHeading(ITEM_1A, index, index + 1, 0, heading)
    if _TITLE_GOES_ON.match(rest) or (not _HAS_RISK_FACTORS.search(heading) and is_own_title(text, start)):
        return ItemHeading(ITEM_1A, index, index + 1, 0, text)
    separator = _SEPARATOR.match(text, title.end())
    return ItemHeading(ITEM_1A, index, index, separator.end() if separator else title.end(), heading)


def _titled_otherwise(text: str, index: int, start: int) -> ItemHeading | None:
    """Item 1A's heading without a title about risks: an excuse stands in its place, or a title of the company's own."""
    if NOT_REQUIRED.match(text, start):
        return ItemHeading(ITEM_1A, index, index, start, text[:start].strip())
    return ItemHeading(ITEM_1A, index, index + 1, 0, text, doubtful=True) if is_own_title(text, start) else None


def _is_prose(rest: str, text: str) -> bool:
    """Whether what follows "Risk Factors" makes a sentence of it; a title that goes on is short and no sentence."""
    if _TITLE_GOES_ON.match(rest):
        sentence = text.endswith((".", ";", ","))
        return len(text) > (_LONGEST_TITLE // 2 if sentence else _LONGEST_TITLE)
    return _PROSE.match(rest) is not None and not rest[0].isupper()


def _title_in_next_block(blocks: Sequence[Block], index: int, item: tuple[int, str]) -> ItemHeading | None:
    """A heading whose title stands in the next cell or paragraph, as tables and narrow columns have it."""
    block = blocks[index]
    bare = ItemHeading(item, index, index + 1, 0, block.text, bare=True)
    following = blocks[index + 1] if index + 1 < len(blocks) else None
    if following is None or following.table is not None:
        return bare
    same_row = block.row != 0 and following.row == block.row
    if item == ITEM_1A:
        inner = _titled_1a(following.text, index + 1, 0)
        if inner is None or (not same_row and not _stands_alone(following.text, inner)):
            return None if same_row and _SAYS_SOMETHING.search(following.text) else bare
        title = f"{block.text} {inner.title}".strip()
        return replace(inner, block=index, title=title)
    known = is_title(following.text) if same_row else TITLES.match(following.text)
    if not known or len(following.text) > _LONGEST_TITLE:
        return bare
    return ItemHeading(item, index, index + 2, 0, f"{block.text} {following.text}")


def _stands_alone(text: str, heading: ItemHeading) -> bool:
    """Whether a paragraph below the number is a title or an excuse, and no group's title under a page header."""
    title = RISK_TITLE.match(text)
    if title is None:
        return not heading.doubtful
    return _HAS_RISK_FACTORS.search(title[0]) is not None or not text[title.end() :].strip(" .:")


def _unnumbered(blocks: Sequence[Block], index: int) -> ItemHeading | None:
    text = blocks[index].text
    part = _PART.match(text)
    if part:
        return ItemHeading((_PARTS[part[1].upper()], ""), index, index + 1, 0, text, bare=True)
    if _UNRESOLVED.match(text):
        return ItemHeading((1, "B"), index, index + 1, 0, text)
    if _SIGNATURES.match(text):
        return ItemHeading((99, ""), index, index + 1, 0, text)
    return None
