"""One sentence judged: which harm it names, how grave that is, and how real the sentence says it is.

A sentence of several clauses is judged by the clause that weighs most: "no one was hurt, but the plant burned down".
"""

import re
from functools import lru_cache
from typing import NamedTuple

from streams.analysis.scoring.claims import LEXICON, Claim, claim
from streams.analysis.scoring.facts import fact
from streams.analysis.scoring.lexicon import load, terms
from streams.analysis.scoring.text import folded

REMEMBERED = 4096
"""Sentences whose judgement is kept: severity's parts and novelty ask for the same ones of a filing."""

_CLAUSE_END = re.compile(r"[;:] |, but |, yet |, however,? |,? although |,? though |, while |, whereas ")
_CONCESSION = re.compile(r"(?:although|though|while|even though) ")


class Judgement(NamedTuple):
    """What a sentence says of harm."""

    gravity: float
    """0: names none; 1: the end of the company."""
    claim: Claim
    named: str
    """The words that name the harm; empty if there is none."""

    @property
    def grade(self) -> float:
        """How grave and how real, 0 to 1."""
        return self.gravity * float(load(LEXICON)["claims"]["weights"][self.claim])


@lru_cache(maxsize=REMEMBERED)
def judge(sentence: str) -> Judgement:
    """The judgement of the clause with the highest grade, of equals the first."""
    return max((_clause(part) for part in _clauses(sentence)), key=lambda judged: judged.grade)


def harm(sentence: str) -> tuple[float, str]:
    """How grave the gravest harm is that a sentence names, 0 to 1, and in which words."""
    gravity, start, end = _harm(_without_neutral(folded(sentence)))
    return gravity, sentence[start:end]


def _clauses(sentence: str) -> list[str]:
    lower, parts, start = folded(sentence), [], 0
    concession = _CONCESSION.match(lower)
    if concession and (comma := lower.find(", ")) > 0:
        parts.append(sentence[:comma])
        start = comma + 2
    for end in _CLAUSE_END.finditer(lower, start):
        parts.append(sentence[start : end.start()])
        start = end.end()
    parts.append(sentence[start:])
    return parts


def _clause(clause: str) -> Judgement:
    lower = _without_neutral(folded(clause))
    gravity, start, end = _harm(lower)
    said = claim(clause)
    found = fact(lower)
    if found is not None and said != "denied" and _is_real(lower[: found.end], said):
        if found.gravity >= gravity:
            gravity, start, end = found.gravity, found.start, found.end
        said = "happened"
    if not gravity:
        return Judgement(0.0, said, "")
    if said != "possible" and terms(LEXICON, "claims", "policy").search(lower) and said != "happened":
        return Judgement(0.0, said, "")  # how the company keeps its accounts
    if said == "happened" and _of_others(lower):
        said = "possible"
    if said in {"stated", "expected"} and gravity == 1.0 and terms(LEXICON, "claims", "under_way").search(lower):
        said = "happened"
    return Judgement(gravity, said, clause[start:end])


def _harm(lower: str) -> tuple[float, int, int]:
    weights = load(LEXICON)["harm"]["weights"]
    for level in ("existential", "grave", "plain"):
        named = terms(LEXICON, "harm", level).search(lower)
        if named:
            return float(weights[level]), named.start(), named.end()
    return 0.0, 0, 0


def _without_neutral(lower: str) -> str:
    """The text with what only sounds like harm blanked out, every other character in its place."""
    return terms(LEXICON, "harm", "neutral").sub(lambda found: " " * len(found.group()), lower)


def _is_real(until: str, said: Claim) -> bool:
    if said == "happened":
        return True
    return not any(terms(LEXICON, "claims", kind).search(until) for kind in ("possible", "unsure", "modal"))


def _of_others(lower: str) -> bool:
    return (
        terms(LEXICON, "others", "words").search(lower) is not None
        and terms(LEXICON, "others", "own").search(lower) is None
    )
