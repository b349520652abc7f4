"""Facts of weight that a factor states and its earlier version does not, however short they are.

Novelty measures how much of a text changed; one sentence about a default changes
few words of a long factor, and all of its meaning.
"""

import re
from collections.abc import Sequence

from streams.analysis.scoring.amounts import amounts
from streams.analysis.scoring.claims import LEXICON
from streams.analysis.scoring.judgement import Judgement, by_rules, judge
from streams.analysis.scoring.lexicon import load, terms
from streams.analysis.scoring.text import folded, words

LEAST_VALUE = 0.3
"""The novelty of a factor that states a new fact of weight is at least this."""

LEAST_GRADE, LEAST_GRADE_EXPECTED = 0.3, 0.2
"""Grades of harm that happened, and that is expected. Below, most labelled sentences were neutral."""

GRAVE = 0.7
"""The gravity from which the rules alone decide, if a sentence is short."""

SHORT_REPORT = 30
"""Words of a report: longer sentences name grave things among others."""

LEAST_DOLLARS = 1e6
LEAST_SHARE = 0.05
"""A new amount matters from this many dollars, or from this share of revenue, on."""

SAME_CONTENT = 0.5
"""A sentence is an earlier one with new figures or words if it shares this much of the two's content (Jaccard)."""

STEM = 5
"""Letters of a word that are compared: "defaults" and "defaulted" are one."""

_FIGURE = re.compile(r"\d")


def weighty(fresh: Sequence[str], earlier: Sequence[str]) -> str | None:
    """The first sentence of `fresh` that states a fact of weight; None if none does.

    `fresh` are the sentences without a near twin among `earlier`, the counterpart's. A sentence that says with
    other dates, figures or a few other words what an earlier one said states nothing new.
    """
    candidates = [sentence for sentence in fresh if _matters(sentence)]
    if not candidates:
        return None
    known = [_content(sentence) for sentence in earlier]
    for sentence in candidates:
        content = _content(sentence)
        if not any(_alike(content, other) for other in known):
            return sentence
    return None


def _matters(sentence: str) -> bool:
    judged = judge(sentence)
    ruled, _ = by_rules(sentence)
    if ruled.claim == "happened" and ruled.gravity >= GRAVE and len(words(sentence)) <= SHORT_REPORT:
        return True  # the labelled sentences hold too few of these to judge them
    if judged.claim == "happened" and judged.grade >= LEAST_GRADE:
        return True
    if judged.claim == "expected" and judged.grade >= LEAST_GRADE_EXPECTED:
        return terms(LEXICON, "claims", "foreseen").search(folded(sentence)) is not None
    return judged.claim not in {"possible", "denied"} and _amount_at_stake(sentence, judged)


def _amount_at_stake(sentence: str, judged: Judgement) -> bool:
    lower = folded(sentence)
    if not judged.gravity and terms(LEXICON, "at_stake", "words").search(lower) is None:
        return False
    if terms(LEXICON, "at_stake", "measures").search(lower):
        return False
    return any(
        (amount.dollars or 0.0) >= LEAST_DOLLARS or (amount.share_of_revenue or 0.0) >= LEAST_SHARE
        for amount in amounts(sentence)
    )


def _content(sentence: str) -> frozenset[str]:
    """The stems of a sentence's words, without figures, months and the commonest words."""
    common = load(LEXICON)["common"]["words"]
    return frozenset(word[:STEM] for word in words(sentence) if word not in common and not _FIGURE.search(word))


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    shared = len(one & other)
    return shared >= SAME_CONTENT * (len(one) + len(other) - shared)
