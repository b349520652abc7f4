"""Severity: how much harm a risk factor describes, as a weighted sum of four named parts with their evidence.

The formulas, their sources and limits stand in docs/scoring.md.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from math import isfinite

from schemas.risks import Novelty, Severity, SeverityComponent
from streams.analysis.scoring.company import CompanySize
from streams.analysis.scoring.language import language
from streams.analysis.scoring.materiality import materiality
from streams.analysis.scoring.parts import Part
from streams.analysis.scoring.prose import read
from streams.analysis.scoring.stakes import stakes


@dataclass(frozen=True, slots=True)
class SeverityWeights:
    """The weight of each part; they are normalised to a sum of 1. Raises ValueError for impossible ones."""

    language: float = 0.5
    amounts: float = 0.2
    materiality: float = 0.1
    novelty: float = 0.2

    def __post_init__(self) -> None:
        values = asdict(self).values()
        needed = self.language + self.amounts + self.materiality
        if not all(isfinite(value) and value >= 0.0 for value in values) or needed <= 0.0:
            raise ValueError(
                "severity weights must be finite and not negative, "
                "and one of language, amounts and materiality positive"
            )


DEFAULT_WEIGHTS = SeverityWeights()


def severity(
    text: str,
    novelty: Novelty,
    *,
    filing_year: int,
    size: CompanySize | None = None,
    weights: SeverityWeights = DEFAULT_WEIGHTS,
) -> Severity:
    """The severity of a factor's full text; without an earlier filing the others share novelty's weight."""
    sentences = read(text)
    parts = {
        "language": language(sentences),
        "amounts": stakes(sentences, filing_year, size),
        "materiality": materiality(sentences),
    }
    if novelty.value is not None:
        parts["novelty"] = Part(novelty.value, (novelty.explanation,), "")  # the novelty says it itself
    given: dict[str, float] = asdict(weights)
    total = sum(given[name] for name in parts)
    value = sum(part.value * given[name] for name, part in parts.items()) / total
    return Severity(
        value=round(min(max(value, 0.0), 1.0), 4),
        explanation=_sentence(part.said for part in parts.values() if part.said),
        components=tuple(
            SeverityComponent(
                name=name,
                value=round(min(max(part.value, 0.0), 1.0), 4),
                weight=round(given[name] / total, 6),
                evidence=part.evidence,
            )
            for name, part in parts.items()
        ),
    )


def _sentence(said: Iterable[str]) -> str:
    joined = "; ".join(said)
    return joined if joined.endswith((".”", "!”", "?”", "…”")) else f"{joined}."
