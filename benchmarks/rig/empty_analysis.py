"""An analysis without work (`SIGMAK_ANALYSIS`), so that only what is around it is measured: five steps, one result."""

from schemas.filings import FilingSubmitted
from schemas.risks import (
    Category,
    Novelty,
    RiskAssessment,
    RiskFactor,
    RiskTotals,
    ScoringModel,
    Severity,
    SeverityComponent,
)
from schemas.tasks import STEPS
from streams.analysis_port import Report

RISKS = 10
"""As many as a task's result shows unless more is asked for."""
_SENTENCE = "A fire, a flood or a strike in any of our plants could stop our deliveries for months. "
_MODEL = ScoringModel(analysis_version="none", embedding_model="none", classification_method="none")


def empty(filing: FilingSubmitted, report: Report) -> RiskAssessment:
    """Report each step, and return a result of 40 KB."""
    for step in range(1, len(STEPS) + 1):
        report(step)
    return _RESULT.model_copy(update={"ticker": filing.ticker, "filing_year": filing.filing_year})


def sample_result() -> RiskAssessment:
    """The result of 40 KB, as the empty analysis returns it."""
    return _RESULT


def sample_assessment(text_length: int, *, risks: int = RISKS) -> RiskAssessment:
    """An assessment whose risk factors have texts of so many characters."""
    text = (_SENTENCE * (text_length // len(_SENTENCE) + 1))[:text_length]
    return RiskAssessment(
        ticker="BENCH",
        filing_year=2024,
        form="10-K",
        status="found",
        title="Item 1A. Risk Factors",
        chars=risks * text_length,
        compared_with=(),
        totals=RiskTotals(risk_factors=risks, shown=risks),
        risks=tuple(_risk(position, text) for position in range(risks)),
        model=_MODEL,
    )


def _risk(position: int, text: str) -> RiskFactor:
    components = (SeverityComponent(name="language", value=0.6, weight=1.0, evidence=("could stop", "for months")),)
    return RiskFactor(
        id=f"00000000-0000-5000-8000-{position:012}",
        position=position,
        heading="Our plants could stand still, and we have no others to deliver from.",
        text=text,
        section="Risks of our operations",
        start=position * len(text),
        end=(position + 1) * len(text),
        category=Category.OPERATIONAL,
        category_confidence=0.9,
        classification_method="none",
        severity=Severity(value=0.6, explanation="It could stop deliveries for months.", components=components),
        novelty=Novelty(value=None, kind="first", explanation="No earlier filing is known."),
        source_citation=f"Item 1A, characters {position * len(text)} to {(position + 1) * len(text)}",
    )


_RESULT = sample_assessment(3_300)
