"""How densely a factor speaks of materiality."""

from collections.abc import Sequence
from math import exp

from streams.analysis.scoring.claims import LEXICON
from streams.analysis.scoring.lexicon import terms
from streams.analysis.scoring.parts import Part
from streams.analysis.scoring.prose import Sentence
from streams.analysis.scoring.text import folded

DENSITY_SCALE = 4.0
"""Words of materiality in a hundred at which the value reaches 1 - 1/e."""


def materiality(sentences: Sequence[Sentence]) -> Part:
    """1 - exp(-density / scale); words in phrases that many companies share count less."""
    found: dict[str, int] = {}
    weighed, total = 0.0, 0
    for sentence in sentences:
        total += sentence.words
        for match in terms(LEXICON, "materiality", "words").finditer(folded(sentence.text)):
            word = sentence.text[match.start() : match.end()].lower()
            found[word] = found.get(word, 0) + 1
            weighed += sentence.weight
    if not found:
        return Part(0.0, (), "")
    count = sum(found.values())
    density = 100.0 * weighed / max(total, 1)
    named = ", ".join(f"{word} ({times})" for word, times in sorted(found.items(), key=lambda e: (-e[1], e[0]))[:6])
    return Part(
        1.0 - exp(-density / DENSITY_SCALE),
        (f"{count} of {total} words speak of materiality: {named}",),
        "dense in words of materiality" if density >= DENSITY_SCALE else "",
    )
