"""Find where Item 1A starts and ends among a filing's blocks.

A filing names the item at least twice, in its table of contents and above its text, and often in page headers
and in prose. Every such place is a candidate; which one is right shows in what follows it and where that ends.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from streams.analysis.reading.filing import Filing
from streams.analysis.reading.headings import ITEM_1A, ItemHeading
from streams.analysis.reading.model import Status

SUBSTANTIAL = 700
"""Characters. An item that only says where else to look, or that none is required, is seldom longer."""

_LONGEST_EXCUSE = 2_500
"""Characters of an item that gives its reason for saying nothing and then adds a disclaimer."""

_OPENING = 450
"""Characters in which an item that says nothing says so."""

_SECTION_BEGUN = 5_000
"""Characters of Item 1A after which the heading of an earlier item is a page header or a reference, not a new start."""

_LAST_OF_PART_ONE = (4, "Z")
_PART_TWO = (5, "")
_REPEATED = 3
"""So many full headings of the item are page headers, but for one."""

_REST_IS_MOST = 1.25
"""A heading with its title wins over a number alone above it, unless more than a fifth of the item stands between."""

_LONGEST_BANNER = 80
_BANNER = re.compile(
    r"""(?:(?:information\s+about\s+)?(?:our\s+)?executive\s+officers(?:\s+of\s+the\s+(?:registrant|company))?|cybersecurity
        |unresolved\s+staff\s+comments|(?:description\s+of\s+)?propert(?:y|ies)|legal\s+proceedings|mine\s+safety\s+disclosures?|employees
        |sales\s+and\s+marketing)\W{0,3}\Z""",
    re.IGNORECASE | re.VERBOSE,
)
"""Titles of what may follow Item 1A; inside it, such a word in the look of the item's own heading is no group's."""

_INNER_TITLE = re.compile(
    r"(?:(?:item\s*)?1\(?a\)?\W{0,4})?(?:certain\s+|our\s+)?risk\s+factors\W{0,3}\Z", re.IGNORECASE
)

_BY_REFERENCE = re.compile(
    r"""incorporated\s+(?:\w+\s+){0,4}by\s+(?:this\s+)?reference|incorporates?\s+(?:\w+\s+){0,6}by\s+reference|can\s+be\s+found\s+(?:in|on|under)
        |(?:is|are|been)\s+(?:\w+\s+)?(?:set\s+forth|included|contained|presented|discussed|found|described|provided|located|disclosed)\s+(?:in|under|on|at|beginning)
        |(?:see|refer\s+to|reference\s+is\s+made\s+to)\b.{0,200}(?:annual\s+report|exhibit|pages?\b|10-?K|item\s+7|management)""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_NOT_REQUIRED = re.compile(
    r"""\bnot\s+(?:be\s+)?(?:required|applicable|provid)|\bsmaller\s+reporting\s+compan|\bsmall\s+business\s+issuer|\binapplicable
        |\A\W*(?:n\s?/\s?a|none|omitted|reserved|not\s+applicable)\b|\bpermitted\s+to\s+omit|\bomitted\s+pursuant""",
    re.IGNORECASE | re.VERBOSE,
)
_SAYS_SOMETHING = re.compile(r"[a-z]{4}|n\s?/\s?a", re.IGNORECASE)
_PAGES = re.compile(r"\W*(?:pages?\W*)?(?:\d{1,3}|[ivx]+)(?:\s*[,\u2013\u2014-]\s*\d{1,3})*(?:\s|\W*\Z)", re.IGNORECASE)
"""How the text under an entry of a table of contents starts. An item's own text does not start with a number."""


@dataclass(frozen=True, slots=True)
class Span:
    """From offset `offset` of block `first` up to, not including, block `end`."""

    title: str
    heading: int
    first: int
    offset: int
    end: int
    closed_by: ItemHeading | None = None
    certain: bool = True
    """The heading is Item 1A's alone and has its title: no page header of a number, and no heading of several items."""

    @property
    def ends_in_part_one(self) -> bool:
        """Whether the next heading is one that may follow Item 1A: 1B, 1C, 2, 3 or 4."""
        return self.closed_by is not None and self.closed_by.item <= _LAST_OF_PART_ONE

    def length(self, filing: Filing) -> int:
        """The characters of the span."""
        return max(0, filing.length(self.first, self.end) - self.offset)

    def text(self, filing: Filing, limit: int = 10**9) -> str:
        """The span's text, or as many blocks of it as fill `limit` characters."""
        parts: list[str] = []
        length = 0
        for index in range(self.first, self.end):
            part = filing.blocks[index].text
            parts.append(part[self.offset :] if index == self.first else part)
            length += len(part) + 1
            if length > limit:
                break
        return " ".join(parts).strip()


def locate_numbered(filing: Filing) -> tuple[Status, Span | None]:
    """Item 1A under its own number and title, or under a wrong number or a title of the company's own."""
    status, span = _best(filing, [heading for heading in filing.headings if not heading.doubtful])
    if any(heading.doubtful for heading in filing.headings) and (span is None or span.length(filing) < SUBSTANTIAL):
        other_status, other = _best(filing, filing.headings)
        if other is not None and (span is None or other.length(filing) >= SUBSTANTIAL):
            return other_status, other
    return status, span


def _best(filing: Filing, headings: Sequence[ItemHeading]) -> tuple[Status, Span | None]:
    spans = _candidates(filing, headings)
    for regular in (True, False):
        group = [span for span in spans if span.ends_in_part_one is regular]
        if any(span.length(filing) >= SUBSTANTIAL for span in group):
            best = _strongest(filing, group, max(group, key=lambda span: span.length(filing)))
            best = _before_banner(filing, best)
            return status_of(best.text(filing, _LONGEST_EXCUSE + 1)), best
        brief = [span for span in group if _says_something(span.text(filing))]
        if brief:
            best = max(brief, key=lambda span: (_gives_a_reason(span.text(filing)), span.length(filing)))
            return status_of(best.text(filing)), best
    return "not_found", None


def status_of(text: str) -> Status:
    """Whether the item holds risk factors, or says that none are required, or that they stand elsewhere."""
    if len(text) > _LONGEST_EXCUSE:
        return "found"
    opening = text[:_OPENING]
    not_required = _NOT_REQUIRED.search(opening)
    by_reference = _BY_REFERENCE.search(opening)
    if not_required and (by_reference is None or not_required.start() <= by_reference.start()):
        return "not_required"
    if by_reference and (len(text) < SUBSTANTIAL or "incorporate" in by_reference[0].lower()):
        return "incorporated_by_reference"
    return "found"


def _gives_a_reason(text: str) -> bool:
    return status_of(text) != "found"


def _says_something(text: str) -> bool:
    """False for what stands between two entries of a table of contents."""
    return _SAYS_SOMETHING.search(text) is not None and _PAGES.match(text) is None


def _candidates(filing: Filing, headings: Sequence[ItemHeading]) -> list[Span]:
    """Every stretch from a heading of Item 1A to the next heading of a later item, or back to an earlier one.

    Walks backwards, so that a filing of nothing but such headings takes linear time.
    """
    spans = []
    blocks = len(filing.blocks)
    later: ItemHeading | None = None
    earlier: ItemHeading | None = None
    for heading in reversed(headings):
        if heading.item == ITEM_1A:
            if not heading.continued:
                first = min(heading.body, blocks)
                closed_by = later
                if earlier is not None and filing.length(first, earlier.block) < _SECTION_BEGUN:
                    closed_by = earlier if later is None or earlier.block < later.block else later
                end = closed_by.block if closed_by else blocks
                spans.append(_span(filing, heading, first, max(end, first), closed_by))
        elif heading.bare and heading.item < _PART_TWO:
            continue  # a page header that names the item of the page
        elif heading.item > ITEM_1A:
            later = heading
        else:
            earlier = heading
    return spans[::-1]


def _before_banner(filing: Filing, span: Span) -> Span:
    """The span up to another section's title without a number, if it has the very look of the item's heading."""
    look = filing.look(span.heading)
    if not look.stands_out:
        return span
    for index in range(span.first, span.end):
        text = filing.blocks[index].text
        if len(text) <= _LONGEST_BANNER and _BANNER.match(text) and index not in filing.furniture:
            reached = filing.length(span.first, index) >= SUBSTANTIAL
            if reached and filing.look(index) == look:
                return replace(span, end=index)
    return span


def _span(filing: Filing, heading: ItemHeading, first: int, end: int, closed_by: ItemHeading | None) -> Span:
    """What a heading heads; of several items under one heading, from the title "Risk Factors" on."""
    if heading.joint:
        for index in range(first, end):
            block = filing.blocks[index]
            inner = _INNER_TITLE.match(block.text) if block.table is None and index not in filing.page_ends else None
            if inner and filing.length(index + 1, end) >= SUBSTANTIAL and filing.look(index).stands_out:
                return Span(f"{heading.title}: {block.text}", index, index + 1, 0, end, closed_by, certain=False)
    certain = not (heading.joint or heading.bare)
    return Span(heading.title, heading.block, first, heading.offset, end, closed_by, certain)


def _strongest(filing: Filing, group: Sequence[Span], longest: Span) -> Span:
    """Of the candidates with the same end as the longest, the one that is the heading and no reference in prose.

    A reference like "see / Item 1A. Risk Factors", broken into blocks by a link, comes before the heading and so
    makes the longer section; headings look like headings, references do not. If there are many, they are page
    headers: the heading is the one that stands inside a page, or else the first. A number without the title is a page
    header above the heading.
    """
    rivals = [span for span in group if span.end == longest.end]
    certain = [span for span in rivals if span.certain]
    if any(_REST_IS_MOST * span.length(filing) >= longest.length(filing) for span in certain):
        rivals = certain
    if len(rivals) >= _REPEATED:
        return next((span for span in rivals if span.heading not in filing.page_ends), rivals[0])
    return next((span for span in rivals if filing.look(span.heading).stands_out), rivals[0])
