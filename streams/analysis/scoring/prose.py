"""A factor's text taken apart once, for all parts of its severity."""

from dataclasses import dataclass

from streams.analysis.scoring.boilerplate import common_share
from streams.analysis.scoring.text import sentences, words

COMMON_DISCOUNT = 0.6
"""How much less a sentence weighs that consists of common phrases only."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, and how much it weighs: 1, less where its phrases are those of many companies."""

    text: str
    words: int
    weight: float


def read(text: str) -> list[Sentence]:
    """The sentences of a text, in order."""
    found = []
    for sentence in sentences(text):
        split = words(sentence)
        found.append(Sentence(sentence, len(split), 1.0 - COMMON_DISCOUNT * common_share(split)))
    return found
