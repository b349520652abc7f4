"""How grave the harm is that a factor names, and how real it says it is: what has happened counts most."""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from streams.analysis.scoring.amounts import years
from streams.analysis.scoring.lexicon import load, terms
from streams.analysis.scoring.parts import SHORT, Part, quote
from streams.analysis.scoring.prose import Sentence
from streams.analysis.scoring.text import folded

LEXICON = "severity.toml"

FADING = 0.65
"""Each next grave sentence counts this much less than the one before: length alone makes no factor graver."""

GRAVEST_SHARE = 0.5
"""How much the single gravest sentence decides; the rest is the fading sum of all."""

Claim = Literal["happened", "stated", "expected", "possible", "denied"]

_SAID: dict[Claim, str] = {
    "happened": "Harm that has happened",
    "stated": "Harm stated as a fact",
    "expected": "Harm that is expected",
    "possible": "Possible harm",
    "denied": "Harm said not to have come about",
}

# What a company has set up or agreed to is no harm that has happened, so those verbs are left out.
_PERFECT = re.compile(  # of folded text
    r"\b(?<!may )(?<!could )(?<!might )(?<!would )(?<!should )(?<!to )(?:has|have|had|having)\s+"
    r"(?:(?:also|already|often|since|in\s+the\s+past|\w+ly),?\s+)?"
    r"(?:been|become|begun|borne|broken|brought|come|cost|cut|driven|fallen|felt|given|gone|grown|had|held|hit|led"
    r"|lost|made|met|paid|put|risen|seen|shut|sold|spent|stolen|taken"
    r"|(?!(?:limited|unlimited|need|needed|related|diversified|implemented|adopted|established|designed|developed"
    r"|entered|invested|elected|agreed|appointed|expanded|launched|introduced|obtained|included)\b)\w{3,}ed)\b"
)


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


def harm(sentence: str) -> tuple[float, str]:
    """How grave the gravest harm is that a sentence names, 0 to 1, and in which words."""
    weights, lower = load(LEXICON)["harm"]["weights"], folded(sentence)
    for level in ("existential", "grave", "plain"):
        named = terms(LEXICON, "harm", level).search(lower)
        if named:
            return float(weights[level]), sentence[named.start() : named.end()]
    return 0.0, ""


def claim(sentence: str) -> Claim:
    """How real a sentence says what it names is."""
    lower = folded(sentence)
    possible = terms(LEXICON, "claims", "possible").search(lower)
    happened = _PERFECT.search(lower) or terms(LEXICON, "claims", "past").search(lower)
    if not happened and (not possible or years(sentence)):
        happened = terms(LEXICON, "claims", "weak_past").search(lower)
    if (happened or not possible) and terms(LEXICON, "claims", "denied").search(lower):
        return "denied"
    if happened:
        return "happened"
    if possible:
        return "possible"
    return "expected" if terms(LEXICON, "claims", "expected").search(lower) else "stated"


def _graded(sentence: Sentence) -> _Graded | None:
    gravity, named = harm(sentence.text)
    if not gravity:
        return None
    said = claim(sentence.text)
    weight = float(load(LEXICON)["claims"]["weights"][said])
    return _Graded(gravity * weight * sentence.weight, said, sentence.text, named)
