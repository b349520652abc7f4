"""Novelty: how much of a risk factor the company's earlier filings do not say yet.

Words say how much changed; embeddings recognise a counterpart where most words changed (docs/scoring.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemas.risks import NearestFactor, Novelty, NoveltyKind
from streams.analysis.scoring.factors import EarlierFactor, Factor, full_text
from streams.analysis.scoring.parts import SHORT, quote
from streams.analysis.scoring.text import sentences, words
from streams.analysis.scoring.vectors import pooled
from streams.analysis.scoring.weighty import LEAST_VALUE, weighty

GRAM = 4
"""Words a gram: shorter ones recur by chance, longer ones punish a single changed word."""

CARRIED_BELOW = 0.15
NEW_FROM = 0.7
"""Distances: below the first a factor is `carried`; from the second on it may be `new`."""

SAME_TOPIC = 0.85
REWRITTEN_BELOW = 0.85
"""A factor far in words is still `revised` if its vector is that close and its distance below this."""

TWIN = 0.6
"""A sentence with at least this Jaccard similarity to one of the counterpart is not new."""

SHORTEST_SENTENCE = 3
"""Words: what is shorter is a remnant of a list or a number, and says nothing new."""

YEARLY_FADING = 0.5
"""How much of an older filing's similarity still counts, a year before the latest one."""


class _Words(NamedTuple):
    """A text as sets of its words and of its grams."""

    words: frozenset[str]
    grams: frozenset[tuple[str, ...]]


class _Earlier(NamedTuple):
    factor: EarlierFactor
    words: _Words
    vector: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Match:
    """The counterpart in one year."""

    year: int
    distance: float
    """0: all of it was said that year; 1: nothing."""
    cosine: float
    earlier: EarlierFactor

    @property
    def is_counterpart(self) -> bool:
        rewritten = self.cosine >= SAME_TOPIC and self.distance < REWRITTEN_BELOW
        return self.distance < NEW_FROM or rewritten


class History:
    """A company's earlier risk factors, prepared once for the comparison with each factor of a filing."""

    def __init__(self, factors: Sequence[EarlierFactor]) -> None:
        years: dict[int, list[_Earlier]] = {}
        for factor in factors:
            entry = _Earlier(factor, _taken_apart(full_text(factor)), pooled(factor.vectors))
            years.setdefault(factor.filing_year, []).append(entry)
        self._years = {year: years[year] for year in sorted(years, reverse=True)}
        self.compared_with = tuple(self._years)

    def novelty(self, factor: Factor, vectors: NDArray[np.float32]) -> Novelty:
        """The novelty of one factor against every earlier year, of which the latest counts most."""
        if not self._years:
            return Novelty(value=None, kind="first", explanation="No earlier filing of this company is known")
        text, vector = full_text(factor), pooled(vectors)
        taken_apart = _taken_apart(text)
        matches = [_match(year, taken_apart, vector, entries) for year, entries in self._years.items()]
        latest = matches[0]
        nearest = next((match for match in matches if match.is_counterpart), latest)
        kind = _kind(latest, nearest)
        earlier = sentences(full_text(nearest.earlier)) if kind != "new" else []
        fresh, total = _new_sentences(text, earlier)
        value, fact = _value(matches), weighty(fresh, earlier) if kind in {"carried", "revised"} else None
        if fact is not None:
            kind, value = "revised", max(value, LEAST_VALUE)
        return Novelty(
            value=round(value, 4),
            kind=kind,
            explanation=_explanation(kind, nearest, latest, len(fresh), total) + _quoted(fact),
            nearest=NearestFactor(
                filing_year=nearest.year,
                heading=nearest.earlier.heading,
                similarity=round(min(max(nearest.cosine, 0.0), 1.0), 4),
            ),
            new_sentences=tuple(fresh),
            compared_with=self.compared_with,
        )


def _taken_apart(text: str) -> _Words:
    found = words(text)
    grams = zip(*(found[place:] for place in range(GRAM)), strict=False)
    return _Words(frozenset(found), frozenset(grams))


def _match(year: int, factor: _Words, vector: NDArray[np.float32], entries: Sequence[_Earlier]) -> _Match:
    """The closest factor of a year: by words, or by meaning where no words are close."""
    cosines = np.stack([entry.vector for entry in entries]) @ vector
    distances = [_distance(factor, entry.words) for entry in entries]
    by_words = min(range(len(entries)), key=lambda place: (distances[place], -cosines[place]))
    by_meaning = int(np.argmax(cosines))
    place = by_words if distances[by_words] < NEW_FROM else by_meaning
    return _Match(year, distances[place], float(cosines[place]), entries[place].factor)


def _distance(factor: _Words, earlier: _Words) -> float:
    """The mean of (1 - Jaccard similarity of the words) and (share of the factor's grams not said earlier).

    Sets know no order, and what the earlier text has beyond the factor's words counts half: to reorder or to
    delete is hardly news.
    """
    # Sets that share little share it quickly: to build unions and differences instead takes three times as long.
    shared = len(factor.words & earlier.words)
    union = len(factor.words) + len(earlier.words) - shared
    words_differ = 1.0 - shared / union if union else 0.0
    if not factor.grams:
        return words_differ
    not_said = len(factor.grams) - len(factor.grams & earlier.grams)
    return (words_differ + not_said / len(factor.grams)) / 2.0


def _value(matches: Sequence[_Match]) -> float:
    """The distance to the latest year, less what older ones said: half of it a year back, then a quarter."""
    latest = matches[0]
    known = max(YEARLY_FADING ** (latest.year - match.year) * (latest.distance - match.distance) for match in matches)
    return min(max(latest.distance - known, 0.0), 1.0)


def _kind(latest: _Match, nearest: _Match) -> NoveltyKind:
    if not nearest.is_counterpart:
        return "new"
    return "carried" if latest.distance < CARRIED_BELOW else "revised"


def _quoted(fact: str | None) -> str:
    return f": “{quote(fact, SHORT)}”" if fact is not None else ""


def _new_sentences(text: str, earlier: Sequence[str]) -> tuple[list[str], int]:
    """The sentences without a near twin in the earlier text, and how many there are in all."""
    known = {frozenset(words(sentence)) for sentence in earlier}
    fresh, total = [], 0
    for sentence in sentences(text):
        said = frozenset(words(sentence))
        if len(said) < SHORTEST_SENTENCE:
            continue
        total += 1
        if said not in known and not any(_twins(said, other) for other in known):
            fresh.append(sentence)
    return fresh, total


def _twins(a: frozenset[str], b: frozenset[str]) -> bool:
    if min(len(a), len(b)) < TWIN * max(len(a), len(b)):
        return False  # sizes alone rule it out; most pairs end here
    shared = len(a & b)
    return shared >= TWIN * (len(a) + len(b) - shared)


def _explanation(kind: NoveltyKind, nearest: _Match, latest: _Match, fresh: int, total: int) -> str:
    new = f"{fresh or 'none'} of {total} sentences {'is' if fresh < 2 else 'are'} new"
    if kind == "new":
        return f"No earlier filing has this risk factor; the closest one stands in that of {nearest.year}"
    if nearest.year != latest.year:
        return f"Left the filing after {nearest.year} and came back; {new}"
    if kind == "carried":
        return f"Carried over from {nearest.year}; {new}"
    return f"Revised since {nearest.year}; {new if fresh else 'reworded, no sentence is wholly new'}"
