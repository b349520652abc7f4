"""What a sentence claims of the harm that it names: that it happened, is expected, possible, or did not happen.

Scans of words and lists of literals only, so that the time is linear in the sentence's length.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Literal

from streams.analysis.scoring.amounts import years
from streams.analysis.scoring.lexicon import load, terms
from streams.analysis.scoring.text import folded

LEXICON = "severity.toml"

Claim = Literal["happened", "stated", "expected", "possible", "denied"]

_WORD = re.compile(r"[^\W_]++(?:['’][^\W_]++)*+|[,;:]")

_HAVE = frozenset({"has", "have", "had", "having"})
_UNREAL = frozenset({"may", "could", "might", "would", "should", "to", "cannot", "can", "must"})
"""Before "have", these make it no report: "could have been destroyed"."""

_SKIPPED = frozenset({"also", "already", "often", "since", "in", "the", "past", "not", "never", "yet", "to", "date",
                      "from", "time", "and", "each", "both", "all", "recently", ","})  # fmt: skip
"""What may stand between "have" and its participle."""

_SKIPPED_AT_MOST = 8

REGULAR = 4
"""A regular participle has more letters than this: "red" and "need" are none."""

_CONDITIONS = frozenset({"if", "unless", "whether", "should", "assuming"})

_NEGATIONS = frozenset({"no", "not", "never", "none", "neither", "nor", "without", "unaware", "didn’t", "didn't",
                        "hasn’t", "hasn't", "haven’t", "haven't"})  # fmt: skip

_DENIABLE = (("claims", "undergone"), ("harm", "existential"), ("harm", "grave"), ("harm", "plain"))

_REACH = 9
"""Words after a negation that it speaks of."""


def claim(sentence: str) -> Claim:
    """How real a sentence says what it names is."""
    lower = folded(sentence)
    words = _WORD.findall(lower)
    unsure = terms(LEXICON, "claims", "unsure").search(lower) is not None
    possible = unsure or terms(LEXICON, "claims", "possible").search(lower) is not None
    at = _perfect(words)
    happened = at is not None and not _conditional(words, at)
    if not happened and not unsure:
        happened = terms(LEXICON, "claims", "past").search(lower) is not None
    if not happened and (not possible or (bool(years(sentence)) and not unsure)):
        happened = terms(LEXICON, "claims", "weak_past").search(lower) is not None or (not possible and _past(words))
    if (happened or not possible) and _denied(words, lower):
        return "denied"
    if happened:
        return "happened"
    if possible:
        return "possible"
    return "expected" if terms(LEXICON, "claims", "expected").search(lower) else "stated"


def _perfect(words: Sequence[str]) -> int | None:
    """Where a present perfect begins that reports something; None if none does."""
    participles, plans = _verbs("participles"), _verbs("plans")
    for place, word in enumerate(words):
        if word not in _HAVE or (place and words[place - 1] in _UNREAL):
            continue
        for following in words[place + 1 : place + 1 + _SKIPPED_AT_MOST]:
            if following in participles or (len(following) > REGULAR and following.endswith("ed")):
                if following not in plans:
                    return place
                break
            if following not in _SKIPPED and not following.endswith("ly"):
                break
    return None


def _past(words: Sequence[str]) -> bool:
    """Whether a regular past tense stands as a verb: behind its subject and before its object or a preposition."""
    opening, plans = _verbs("opens_object"), _verbs("plans")
    return any(
        len(verb) > REGULAR
        and verb.endswith("ed")
        and verb not in plans
        and before not in _verbs("no_subject")
        and (after in opening or after[:1].isdigit())
        for before, verb, after in zip(words, words[1:], words[2:], strict=False)
    )


def _conditional(words: Sequence[str], place: int) -> bool:
    """Whether a condition stands before the place in its clause: "if an impairment has occurred"."""
    for before in range(place - 1, -1, -1):
        if words[before] in {",", ";", ":"}:
            return False
        if words[before] in _CONDITIONS or words[before : before + 3] == ["in", "the", "event"]:
            return True
    return False


def _denied(words: Sequence[str], lower: str) -> bool:
    """Whether a negation speaks of harm; "never profitable" and "not enough cash" deny what is good."""
    if terms(LEXICON, "claims", "denied").search(lower):
        return True
    for place, word in enumerate(words):
        if word not in _NEGATIONS:
            continue
        reach = " ".join(_until_stop(words[place + 1 : place + 1 + _REACH]))
        if terms(LEXICON, "claims", "good").search(reach) or terms(LEXICON, "claims", "unsure").search(
            f"{word} {reach}"
        ):
            continue
        if terms(LEXICON, "claims", "undergone").search(reach) or any(
            terms(LEXICON, "harm", level).search(reach) for level in ("existential", "grave", "plain")
        ):
            return True
    return False


def _until_stop(words: Sequence[str]) -> Sequence[str]:
    for place, word in enumerate(words):
        if word in {";", ":", "but", "although", "however", "only", "until", "because"}:
            return words[:place]
    return [word for word in words if word != ","]


@cache
def _verbs(key: str) -> frozenset[str]:
    return frozenset(load(LEXICON)["verbs"][key])
