"""How grave the harm is that a factor names, and how real it says it is: what has happened counts most."""

from collections.abc import Sequence
from typing import NamedTuple

from streams.analysis.scoring.claims import Claim
from streams.analysis.scoring.judgement import judge
from streams.analysis.scoring.parts import SHORT, Part, quote
from streams.analysis.scoring.prose import Sentence

FADING = 0.65
"""Each next grave sentence counts this much less than the one before: length alone makes no factor graver."""

GRAVEST_SHARE = 0.5
"""How much the single gravest sentence decides; the rest is the fading sum of all."""

_SAID: dict[Claim, str] = {
    "happened": "Harm that has happened",
    "stated": "Harm stated as a fact",
    "expected": "Harm that is expected",
    "possible": "Possible harm",
    "denied": "Harm said not to have come about",
}


class _Graded(NamedTuple):
    """A sentence that names harm."""

    grade: float
    """How grave and how real, 0 to 1."""
    claim: Claim
    text: str
    named: str
    """The words that name the harm."""


def language(sentences: Sequence[Sentence]) -> Part:
    """The gravest sentence and, fading, all others; more sentences that name harm never lower it."""
    found = [graded for sentence in sentences if (graded := _graded(sentence)) is not None]
    found.sort(key=lambda graded: -graded.grade)  # stable: of equals, the one that stands first
    if not found:
        return Part(0.0, (), "Names no harm")
    fading = sum((1.0 - FADING) * FADING**rank * graded.grade for rank, graded in enumerate(found))
    gravest = found[0]
    return Part(
        value=GRAVEST_SHARE * gravest.grade + (1.0 - GRAVEST_SHARE) * fading,
        evidence=tuple(quote(graded.text, around=graded.named) for graded in found[:2]),
        said=f"{_SAID[gravest.claim]}: “{quote(gravest.text, SHORT, gravest.named)}”",
    )


def _graded(sentence: Sentence) -> _Graded | None:
    judged = judge(sentence.text)
    if not judged.gravity:
        return None
    return _Graded(judged.grade * sentence.weight, judged.claim, sentence.text, judged.named)
