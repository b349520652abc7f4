"""One filing's factors, scored: classification, novelty and severity put together in a stated order."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from schemas.risks import ReadingWarning, RiskAssessment, RiskFactor, RiskTotals, ScoringModel
from streams.analysis.identity import factor_ids
from streams.analysis.scoring.categories import Embeds, classifier_for
from streams.analysis.scoring.company import CompanySize
from streams.analysis.scoring.factors import EarlierFactor, Factor, Item, full_text
from streams.analysis.scoring.lexicon import compile_all, data_digest
from streams.analysis.scoring.novelty import History
from streams.analysis.scoring.severity import DEFAULT_WEIGHTS, SeverityWeights, severity


class NamedEmbedder(Embeds, Protocol):
    """An embedder that says which model it is."""

    @property
    def name(self) -> str:
        """Model, runtime and precision."""


class Scorer:
    """Scores a filing's risk factors. Pure after construction: the same input gives the same assessment."""

    def __init__(self, embedder: NamedEmbedder, weights: SeverityWeights = DEFAULT_WEIGHTS) -> None:
        compile_all()
        self._classifier = classifier_for(embedder)
        self._weights = weights
        self._model = ScoringModel(
            analysis_version=f"{version('sigmak-streams')}+{data_digest()}",
            embedding_model=embedder.name,
            classification_method=self._classifier.method,
            severity_weights=asdict(weights),
        )

    def assess(
        self,
        *,
        ticker: str,
        filing_year: int,
        item: Item,
        factors: Sequence[Factor],
        vectors: Sequence[NDArray[np.float32]],
        history: Sequence[EarlierFactor],
        size: CompanySize | None = None,
        warnings: Sequence[ReadingWarning] = (),
    ) -> RiskAssessment:
        """All risks of the item, the most severe first, then the newest, then in the order of the filing.

        `vectors` are, per factor, the unit vectors of `full_text(factor)`, shape (chunks, dimensions). Of
        `history` only years before `filing_year` count. `size` is the company's, if known (`company_size`).
        `warnings` are of the reading.
        """
        past = History([factor for factor in history if factor.filing_year < filing_year])
        ids = factor_ids(ticker, filing_year, item.form, [(factor.heading, factor.text) for factor in factors])
        risks = []
        for position, (factor_id, factor, embedded) in enumerate(zip(ids, factors, vectors, strict=True)):
            classification = self._classifier.classify(factor, embedded)
            novelty = past.novelty(factor, embedded)
            risks.append(
                RiskFactor(
                    id=factor_id,
                    position=position,
                    heading=factor.heading,
                    heading_source=factor.heading_source,
                    text=factor.text,
                    section=factor.section,
                    start=factor.start,
                    end=factor.end,
                    category=classification.category,
                    category_confidence=classification.confidence,
                    runner_up=classification.runner_up,
                    classification_method=self._classifier.method,
                    severity=severity(
                        full_text(factor),
                        novelty,
                        filing_year=filing_year,
                        size=size,
                        weights=self._weights,
                    ),
                    novelty=novelty,
                    source_citation=_citation(factor),
                )
            )
        risks.sort(key=lambda risk: (-risk.severity.value, -(risk.novelty.value or 0.0), risk.position))
        return RiskAssessment(
            ticker=ticker,
            filing_year=filing_year,
            form=item.form,
            status=item.status,
            title=item.title,
            chars=len(item.text),
            compared_with=past.compared_with,
            totals=_totals(risks),
            risks=tuple(risks),
            model=self._model,
            warnings=tuple(warnings),
        )


def _citation(factor: Factor) -> str:
    place = f"Item 1A, characters {factor.start} to {factor.end}"
    return f"{place}, after #{factor.anchor.lstrip('#')}" if factor.anchor else place


def _totals(risks: Sequence[RiskFactor]) -> RiskTotals:
    return RiskTotals(
        risk_factors=len(risks),
        shown=len(risks),
        by_category=dict(sorted(Counter(risk.category for risk in risks).items())),
        by_novelty=dict(sorted(Counter(risk.novelty.kind for risk in risks).items())),
    )
