"""One sentence judged: which harm it names, how grave that is, and how real the sentence says it is.

A sentence of several clauses is judged by the clause that weighs most: "no one was hurt, but the plant burned down".
"""

import re
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from streams.analysis.scoring.claims import LEXICON, Claim, claim
from streams.analysis.scoring.facts import fact
from streams.analysis.scoring.learned import CLAIMS, GRAVITIES, TAUGHT_CLAIMS, Ruled, features, probabilities, trained
from streams.analysis.scoring.lexicon import load, terms
from streams.analysis.scoring.text import folded

REMEMBERED = 4096
"""Sentences whose judgement is kept: severity's parts and novelty ask for the same ones of a filing."""

_CLAUSE_END = re.compile(r"[;:] |, but |, yet |, however,? |,? although |,? though |, while |, whereas ")
_MONTH = re.compile(
    r"\b([Ii]n|[Oo]f|[Oo]n|[Ss]ince|[Uu]ntil|[Bb]y|[Dd]uring|[Ll]ast|[Ee]arly|[Ll]ate|[Tt]hrough|[Ff]rom|[Aa]nd) May\b"
)
_CONCESSION = re.compile(r"(?:although|though|while|even though) ")


LONGEST_REMEMBERED = 1000
"""Characters: longer sentences are judged anew, so that no filing fills the memory with what is remembered."""

TAUGHT = 0.5
"""How much the labelled sentences count beside the rules; alone, they know too few grave facts."""

SURELY = 0.7
"""From this probability on, the labelled sentences overrule what the rules say of a claim."""


class Judgement(NamedTuple):
    """What a sentence says of harm."""

    gravity: float
    """0: names none; 1: the end of the company."""
    claim: Claim
    named: str
    """The words that name the harm; empty if there is none."""
    grade: float
    """How grave and how real, 0 to 1."""


def judge(sentence: str) -> Judgement:
    """The judgement of the clause with the highest grade, of equals the first, seen with the whole sentence."""
    return _remembered(sentence) if len(sentence) <= LONGEST_REMEMBERED else _judged(sentence)


@lru_cache(maxsize=REMEMBERED)
def _remembered(sentence: str) -> Judgement:
    return _judged(sentence)


def _judged(sentence: str) -> Judgement:
    ruled, named = by_rules(sentence)
    weights = trained()
    reality = _reality(ruled.claim)
    if not ruled.gravity or ruled.is_fact or weights is None:
        return Judgement(ruled.gravity, ruled.claim, named, ruled.gravity * reality)
    seen = features(sentence, ruled)
    shares = probabilities(weights.claim, seen)
    graver = float(probabilities(weights.gravity, seen) @ np.array(GRAVITIES))
    taught = sum(float(share) * _reality(name) for share, name in zip(shares, CLAIMS, strict=True))
    gravity = ruled.gravity if ruled.gravity == 1.0 else (1.0 - TAUGHT) * ruled.gravity + TAUGHT * graver
    surest = int(np.argmax(shares))
    overruled = surest < len(TAUGHT_CLAIMS) and shares[surest] >= SURELY
    said = TAUGHT_CLAIMS[surest] if overruled else ruled.claim
    return Judgement(gravity, said, named, gravity * ((1.0 - TAUGHT) * reality + TAUGHT * taught))


def by_rules(sentence: str) -> tuple[Ruled, str]:
    """What the rules alone find, and the words that name the harm."""
    sentence = _MONTH.sub(r"\1 Mai", sentence)  # as long as the month, and no verb
    whole = claim(sentence)
    return max((_clause(part, whole) for part in _clauses(sentence)), key=_grade)


def _grade(found: tuple[Ruled, str]) -> float:
    return found[0].gravity * _reality(found[0].claim)


def _reality(said: str) -> float:
    return float(load(LEXICON)["claims"]["weights"].get(said, 0.0))


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


def _clause(clause: str, whole: Claim) -> tuple[Ruled, str]:
    lower = _without_neutral(folded(clause))
    gravity, start, end = _harm(lower)
    said, of_others = claim(clause), _of_others(lower)
    found = fact(lower)
    policy = _is_policy(lower, said)
    is_fact = found is not None and not policy and said != "denied" and _is_real(lower[: found.end], said)
    if found is not None and is_fact:
        said = "happened"
        if found.gravity >= gravity:
            gravity, start, end = found.gravity, found.start, found.end
    elif policy:
        gravity = 0.0
    if said == "happened" and of_others:
        said, is_fact = "possible", False
    if said in {"stated", "expected"} and gravity == 1.0 and terms(LEXICON, "claims", "under_way").search(lower):
        said, is_fact = "happened", True
    return Ruled(gravity, said, whole, is_fact, of_others), clause[start:end] if gravity else ""


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


def _is_policy(lower: str, said: Claim) -> bool:
    """Whether the clause says how the company keeps its accounts, which is no event."""
    if said == "possible":
        return False
    kinds = ("policy_passive",) if said == "happened" else ("policy_passive", "policy")
    return any(terms(LEXICON, "claims", kind).search(lower) for kind in kinds)


def _of_others(lower: str) -> bool:
    return (
        terms(LEXICON, "others", "words").search(lower) is not None
        and terms(LEXICON, "others", "own").search(lower) is None
    )
