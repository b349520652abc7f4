"""Facts of weight in plain words: an act beside an actor in one clause, as a bank that withdrew a facility.

Neither word is harm by itself, so no list of single words finds them; `data/facts.toml` holds the families.
"""

import re
from functools import cache
from typing import NamedTuple

from streams.analysis.scoring.lexicon import load, terms

FACTS = "facts.toml"

NEAR = 60
"""Characters between actor and act: further apart they belong to different statements of a long clause."""


NEGATED_WITHIN = 25
"""Characters before an act in which a negation speaks of it."""

_NEGATION = re.compile(r"\b(?:no|not|never|nor|without)\b")


class Fact(NamedTuple):
    """An act that a clause names beside its actor."""

    gravity: float
    """0 to 1."""
    start: int
    """Where the act begins, in characters of the clause."""
    end: int


def fact(clause: str) -> Fact | None:
    """The gravest fact of a clause of `folded` text, of equals the one listed first; None if it has none."""
    best: Fact | None = None
    for family, gravity in _families():
        if best is not None and gravity <= best.gravity:
            break  # the families come in falling order of gravity
        act = terms(FACTS, family, "acts").search(clause)
        if act is None:
            continue
        for actor in terms(FACTS, family, "actors").finditer(clause):
            overlap = actor.start() < act.end() and act.start() < actor.end()
            if (
                not overlap
                and not _negated(clause, actor, act)
                and max(act.start() - actor.end(), actor.start() - act.end()) <= NEAR
            ):
                best = Fact(gravity, act.start(), act.end())
                break
    return best


def _negated(clause: str, actor: re.Match[str], act: re.Match[str]) -> bool:
    """Whether the act is denied: "have not missed a payment"; an actor like "do not have" denies nothing of it."""
    start = max(act.start() - NEGATED_WITHIN, 0)
    if start < actor.end() <= act.start():
        start = actor.end()
    return _NEGATION.search(clause, start, act.start()) is not None


@cache
def _families() -> tuple[tuple[str, float], ...]:
    found = [(family, float(entries["gravity"])) for family, entries in load(FACTS).items()]
    return tuple(sorted(found, key=lambda entry: -entry[1]))
