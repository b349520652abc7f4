"""Ids of risk factors. They derive from content alone: who reads or stores a filing twice gets the same ids twice."""

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from uuid import UUID

_SEPARATOR = "\x1f"
"""Can't occur in whitespace-collapsed text (`str.split` takes it for whitespace), so no two field lists join alike."""


def factor_id(ticker: str, filing_year: int, form: str, heading: str, text: str, *, occurrence: int = 0) -> str:
    """The id of one risk factor: a UUID (version 8, RFC 9562) from the SHA-256 of where it stands and what it says.

    `occurrence` counts the earlier factors of the same filing with the same heading and text, from 0.
    Differences in whitespace alone do not change the id.
    """
    fields = (ticker, str(filing_year), form, heading, text, str(occurrence))
    content = _SEPARATOR.join(" ".join(field.split()) for field in fields)
    digest = bytearray(sha256(content.encode("utf-8", "surrogatepass")).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80  # version 8: a vendor's own derivation
    digest[8] = digest[8] & 0x3F | 0x80  # variant of RFC 9562
    return str(UUID(bytes=bytes(digest)))


def factor_ids(ticker: str, filing_year: int, form: str, headings_and_texts: Iterable[tuple[str, str]]) -> list[str]:
    """The ids of a filing's risk factors, in their order; a factor that the filing repeats gets an id of its own."""
    seen: Counter[tuple[str, str]] = Counter()
    ids = []
    for heading, text in headings_and_texts:
        content = (" ".join(heading.split()), " ".join(text.split()))
        ids.append(factor_id(ticker, filing_year, form, heading, text, occurrence=seen[content]))
        seen[content] += 1
    return ids
