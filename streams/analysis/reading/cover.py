"""What the cover page says: the form, and the period that the report is about."""

import re
from collections.abc import Sequence

from streams.analysis.reading.blocks import Block

_COVER_CHARACTERS = 15_000
"""Characters of prose that are searched; data of XBRL before the cover does not count."""

_MOST_BLOCKS = 20_000
"""Blocks that are looked at to pass over such data."""

_DATA = re.compile(r"\d{8}|\d{4}-\d\d-\d\d|[a-z]:\w|//", re.IGNORECASE)
"""In a word of XBRL: an identifier, a date, a prefixed name, an address."""

_LONGEST_WORD = 30
"""Characters of a word of prose; names of XBRL elements are longer."""

_MOSTLY = 0.5
_SAMPLE = 2_000
_FORM = re.compile(r"\bforms?\s+(10-?K(?:SB|405|T)?|10-?Q(?:SB)?|20-?F|40-?F)\s*(/\s*A\b)?", re.IGNORECASE)
_PERIOD = re.compile(
    r"(?:year|period|quarter|months)\s+ended:?\s*(?:\W*[a-z]+\.?\W{1,3}\d{1,2}\W{0,3}(?:st|nd|rd|th)?\W{0,4}|\W*\d{1,2}\W[a-z\d]+\W|\W*)"
    r"((?:19|20)\d\d)\b",
    re.IGNORECASE,
)

FIRST_YEAR = 2005
"""Item 1A is asked of annual reports for fiscal years ending on or after 1 December 2005."""


def detect_form(blocks: Sequence[Block]) -> str:
    """The form as the cover names it, "10-K" or "10-Q/A" for example; empty if it does not."""
    match = _on_cover(_FORM, blocks)
    if match is None:
        return ""
    letters = match[1].upper().replace("-", "")
    return f"{letters[:2]}-{letters[2:]}{'/A' if match[2] else ''}"


def reported_year(blocks: Sequence[Block]) -> int | None:
    """The calendar year in which the reported period ended, None if the cover does not say."""
    match = _on_cover(_PERIOD, blocks)
    return int(match[1]) if match else None


def _on_cover(pattern: re.Pattern[str], blocks: Sequence[Block]) -> re.Match[str] | None:
    """Where the pattern is on the cover, which may stand behind the data of an XBRL filing."""
    return pattern.search(_cover(blocks)) or pattern.search(
        _cover([block for block in blocks[:_MOST_BLOCKS] if not _is_data(block.text)])
    )


def _cover(blocks: Sequence[Block]) -> str:
    parts = []
    length = 0
    for block in blocks:
        parts.append(block.text)
        length += len(block.text)
        if length > _COVER_CHARACTERS:
            break
    return " ".join(parts)[:_COVER_CHARACTERS]


def _is_data(text: str) -> bool:
    """Whether the text is XBRL that a program made visible which does not know to hide it."""
    sample = text[:_SAMPLE]
    if not _DATA.search(sample) and " " in sample[:_LONGEST_WORD]:
        return False
    words = sample.split()
    data = [word for word in words if len(word) > _LONGEST_WORD or _DATA.search(word)]
    return sum(map(len, data)) > _MOSTLY * sum(map(len, words))
