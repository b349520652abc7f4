"""Titles of items: the official ones, short ones that a company made up, and references that start like one."""

import re

_LONGEST_OWN_TITLE = 80
"""Characters of a title that no form prescribes."""

TITLES = re.compile(
    r"""business|(?:description\s+of\s+)?propert|legal\s+proceed|unresolved|cyber\s?security|submission|mine\s+safety|executive\s+officers
        |(?:the\s+)?market\s+for|market\s+price|selected|management|quantitative|(?:consolidated\s+)?financial\s+statements|changes\s+in
        |controls?\s+and|disclosure|other\s+(?:information|matters|events)|directors|executive\s+comp|security\s+ownership|certain\s+relation
        |principal\s+account|exhibits?|form\s+10-?k\s+summary|unregistered|defaults?|information\s+(?:on|about)|removed|reserved|\[|\(
        |not\s+(?:applicable|required)|n/?a\b|none|omitted|operating\s+and\s+financial|key\s+information|issuer|use\s+of\s+proceeds
        |submissions|staff\s+comments|identity|offer""",
    re.IGNORECASE | re.VERBOSE,
)
"""How the official titles of all items start, and what stands in their place if an item says nothing."""

_NO_RISK_TITLE = re.compile(
    r"executive|officers?\b|employees|directors|available\s+info|glossary|governance|website|human\s+capital",
    re.IGNORECASE,
)
"""In titles that "Item 1A" has had in reports from before it was about risks."""

_FIRST_CLAUSE = re.compile(r"[.:;](?:\s|\Z)|[\u2013\u2014]")
TALKS_ABOUT = re.compile(
    r"\b(?:of\s+this|in\s+this|to\s+this|of\s+our|see|describes?|contains?|includes?|above|below|herein|elsewhere|refer|for\s+(?:a|further|more))\b",
    re.IGNORECASE,
)
"""Words between an item's title and the next full stop that make it a reference to the item."""


def is_title(text: str) -> bool:
    """Whether an official title starts the text, or it is a short one that some company made up, and no reference."""
    clause = _FIRST_CLAUSE.split(text, maxsplit=1)[0]
    known = TITLES.match(text) is not None or (len(text) <= _LONGEST_OWN_TITLE and text[:1].isupper())
    return known and TALKS_ABOUT.search(clause) is None


def is_own_title(text: str, start: int) -> bool:
    """Whether Item 1A has a title that nobody else gives it, and that is no other item's."""
    title = text[start:]
    return (
        0 < len(title) <= _LONGEST_OWN_TITLE
        and title[-1] not in ",;"
        and is_title(title)
        and not TITLES.match(title)
        and not _NO_RISK_TITLE.search(title)
    )
