"""Text that lost its line breaks: parted again before the headings of items, the only places that can be told."""

import re

_LONG = 500
"""Characters of a text that has no line break though it holds several items."""

_LONGEST_LINE = 1_000
"""Characters of an average line: text with line breaks has some 80, or a paragraph of up to 600."""

_UNWRAPPED = 140
"""Characters of a line that is a paragraph."""

_BLANKS = re.compile(r"[ \t\r\n\f\xa0]{1,100}")
_HEADING = re.compile(
    r"(?:(?<=[.!?:;)\]\u201d\"\d] )|(?<=\b[A-Z]{4} )|(?<=\bI )|(?<=\bII )|(?<=\bIII ))"
    r"(?=(?:ITEM|Item)S?\s\d{1,2}[A-C]?\s?[.:\u2013\u2014-]\s?[A-Z]|PART\sI{1,3}V?\s(?:ITEM|Item)\s)"
)


def is_one_line(text: str) -> bool:
    """Whether a text of length has next to no line breaks."""
    return len(text) > _LONG and text.count("\n") < len(text) // _LONGEST_LINE


def is_unwrapped(text: str) -> bool:
    """Whether most of the text stands in lines that are paragraphs, as browsers save it."""
    lines = text.split("\n")
    return 2 * sum(len(line) for line in lines if len(line) > _UNWRAPPED) > len(text)


def parted(text: str) -> str:
    """The text with an empty line before each heading of an item or part."""
    return _HEADING.sub("\n\n", _BLANKS.sub(" ", text))
