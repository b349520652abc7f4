"""Where sentences end."""

import re

_END = re.compile(r"[.!?][\"\u201d\u2019')]{0,2}\s+(?=[\"\u201c\u2018('$]?[A-Z\d])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:Inc|Corp|Co|Ltd|LLC|L\.P|No|Nos|Mr|Mrs|Ms|Dr|St|vs|v|Jr|Sr|approx|e\.g|i\.e|etc|U\.S|U\.K|U|S|[A-Z])|\b[A-Z]\.[A-Z])\Z"
)
_LONGEST_ABBREVIATION = 8


def sentence_ends(text: str, limit: int | None = None) -> list[int]:
    """The offsets at which a sentence has ended and another starts, up to `limit`; abbreviations end none."""
    return [
        match.end()
        for match in _END.finditer(text, 0, len(text) if limit is None else min(limit, len(text)))
        if text[match.start()] != "."
        or not _ABBREVIATION.search(text[max(0, match.start() - _LONGEST_ABBREVIATION) : match.start()])
    ]
