"""The market value that an annual report's cover states in prose, as every one has to since long before XBRL."""

import html
import re

from streams.analysis.scoring.amounts import amounts

_COVER_BYTES = 300_000
"""A cover ends within 100 KB where filing agents spend most bytes on style; what is hidden above it may take more."""

_STATEMENT = re.compile(r"aggregate\s+(?:fair\s+)?market\s+value", re.IGNORECASE)
_STATEMENT_CHARS = 700
"""How far its amount may follow: after the day, the exchange, the price of a share, what counts as an affiliate."""

_OF_WHOM = re.compile(r"affiliate", re.IGNORECASE)
_OF_WHOM_CHARS = 300
"""How far before the statement it may say of whom: without it, a "market value" further on is one of securities."""

_LEAST_DOLLARS = 1e5
"""What is less is the price of a share or its par value."""

_NO_CHARACTER = re.compile(r"&#\d{8,}+")
"""Numbers of characters that there are not; from 4,301 digits on `html.unescape` raises a ValueError."""

_TAG = re.compile(r"<[^<>]*>")  # no "<" inside: else each unclosed tag would be read to the end


def market_value_on_cover(document: bytes) -> float | None:
    """The market value of what non-affiliates hold, in US dollars; None where the cover does not state it.

    Of several amounts the largest counts: the others are a share's price, or one class of shares among several.
    """
    source = document[:_COVER_BYTES].decode("utf-8", "replace")
    text = " ".join(html.unescape(_NO_CHARACTER.sub(" ", _TAG.sub(" ", source))).split())
    for found in _STATEMENT.finditer(text):
        stated = text[found.end() : found.end() + _STATEMENT_CHARS]
        if not _OF_WHOM.search(text, max(found.start() - _OF_WHOM_CHARS, 0), found.end() + _STATEMENT_CHARS):
            continue
        dollars = max((amount.dollars or 0.0 for amount in amounts(stated)), default=0.0)
        if dollars >= _LEAST_DOLLARS:
            return dollars
    return None
