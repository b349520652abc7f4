"""Phrases that many companies share word for word: they tell little of any one of them, and weigh less.

The table holds hashes only, of runs of eight words; `benchmarks/build_common_phrases.py` makes it.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from hashlib import blake2b

import numpy as np

from streams.analysis.scoring.lexicon import data_file

PHRASE_WORDS = 8
"""Shorter runs recur in any English prose; longer ones miss phrases that differ in one word at their end."""

TABLE = "common_phrases.bin"
"""Unsigned 64-bit integers, big-endian, ascending."""

_SAME = {"company": "we", "company's": "our", "company’s": "our", "registrant": "we", "us": "we", "the": ""}
"""Words by which companies differ when they say the same of themselves."""


def common_share(words: Sequence[str]) -> float:
    """The share of a sentence's words that lie within a common phrase, 0 to 1."""
    table, kept = _table(), _normalised(words)
    inside = [False] * len(kept)
    for place, hashed in enumerate(_hashes(kept)):
        if hashed in table:
            inside[place : place + PHRASE_WORDS] = [True] * PHRASE_WORDS
    return sum(inside) / len(inside) if inside else 0.0


def phrase_hashes(words: Sequence[str]) -> set[int]:
    """The hashes of all runs of eight words of a sentence, as the table has them."""
    return set(_hashes(_normalised(words)))


def _normalised(words: Sequence[str]) -> list[str]:
    return [same for word in words if (same := _SAME.get(word, word))]


def _hashes(words: Sequence[str]) -> Iterator[int]:
    for place in range(len(words) - PHRASE_WORDS + 1):
        phrase = " ".join(words[place : place + PHRASE_WORDS])
        yield int.from_bytes(blake2b(phrase.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


@cache
def _table() -> frozenset[int]:
    content = data_file(TABLE)
    return frozenset(np.frombuffer(content, dtype=">u8").tolist()) if content else frozenset()
