"""The real analysis of one filing after another: real reading, real model, real store."""

from pathlib import Path

import pytest

from schemas.filings import FilingSubmitted
from schemas.risks import IndexSummary, RiskAssessment
from streams.analysis_port import Analysis
from streams.assembly import load_configured_analysis
from streams.faults import PermanentFault
from streams.settings import WorkerSettings

FILINGS = Path(__file__).parents[2] / "ops" / "demo" / "filings"


@pytest.fixture
def analysis(tmp_path: Path) -> Analysis:
    """The analysis that a worker runs, with a store and a cache of the test's own."""
    return load_configured_analysis(
        WorkerSettings(
            store="lancedb",
            store_dir=tmp_path / "store",
            vector_cache=tmp_path / "vectors.sqlite",
            document_roots=(FILINGS,),
        )
    )


def _filing(year: int, **more: object) -> FilingSubmitted:
    return FilingSubmitted.model_validate(
        {"ticker": "KLMF", "filing_year": year, "html_path": str(FILINGS / f"KLMF_{year}.html"), **more}
    )


def test_an_indexed_year_is_what_the_next_is_compared_with(analysis: Analysis) -> None:
    steps: list[int] = []
    summary = analysis(_filing(2023, action="index"), steps.append)
    assert isinstance(summary, IndexSummary)
    assert (summary.status, summary.risk_factors) == ("found", 16)
    assert steps == [1, 2, 3, 4, 5]
    assessment = analysis(_filing(2024), steps.append)
    assert isinstance(assessment, RiskAssessment)
    assert assessment.compared_with == (2023,)
    assert assessment.totals.by_novelty == {"carried": 8, "new": 4, "revised": 6}


def test_a_filing_analysed_again_gives_the_same_and_is_stored_once(analysis: Analysis) -> None:
    first = analysis(_filing(2023), lambda _: None)
    assert analysis(_filing(2023), lambda _: None) == first
    later = analysis(_filing(2024), lambda _: None)
    assert isinstance(later, RiskAssessment)
    assert later.totals.by_novelty == {"carried": 8, "new": 4, "revised": 6}


def test_a_document_sent_inline_reads_like_the_same_by_path(analysis: Analysis) -> None:
    text = (FILINGS / "KLMF_2024.html").read_text()
    inline = FilingSubmitted(ticker="KLMF", filing_year=2024, html_content=text)
    assert analysis(inline, lambda _: None) == analysis(_filing(2024), lambda _: None)


@pytest.mark.parametrize(
    ("given", "basis"),
    [
        ({}, "% of revenue"),
        ({"revenue_usd": 1e11}, "(0.61% of revenue)"),
        ({"market_value_usd": 1e11}, "(0.61% of market value)"),
        ({"revenue_usd": 1e11, "market_value_usd": 1e9}, "(0.61% of revenue)"),
    ],
)
def test_amounts_relate_to_the_given_size_of_the_company_before_that_which_the_filing_states(
    analysis: Analysis, given: dict[str, float], basis: str
) -> None:
    assessment = analysis(_filing(2024, **given), lambda _: None)
    assert isinstance(assessment, RiskAssessment)
    [debt] = [risk for risk in assessment.risks if risk.heading.startswith("We refinanced our debt")]
    [amounts] = [part for part in debt.severity.components if part.name == "amounts"]
    assert basis in amounts.evidence[0]
    assert ("(0.61%" in amounts.evidence[0]) == bool(given)


@pytest.mark.parametrize(
    ("document", "fault"),
    [({"html_content": ""}, "empty_document"), ({"html_path": "/etc/passwd"}, "path_refused"),
     ({"html_path": str(FILINGS / "none.html")}, "document_not_found"),
     ({"html_content": "<p>A letter.</p>"}, "no_risk_factors_section")],
)  # fmt: skip
def test_what_can_not_be_read_is_a_permanent_fault_of_its_type(
    analysis: Analysis, document: dict[str, str], fault: str
) -> None:
    with pytest.raises(PermanentFault) as raised:
        analysis(FilingSubmitted.model_validate({"ticker": "X", "filing_year": 2024, **document}), lambda _: None)
    assert raised.value.type == fault
