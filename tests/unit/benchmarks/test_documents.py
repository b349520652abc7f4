"""What benchmarks send: filings that are read as filings, and of which no two share a text."""

import json

from benchmarks.rig.documents import filing_document, large_filing_document, short_document, submission
from streams.analysis.reading import read_item_1a, segment


def _texts(document: str) -> set[str]:
    return {factor.text for factor in segment(read_item_1a(document.encode("utf-8-sig")))}


def test_variants_of_the_filing_share_no_text_of_a_risk_factor() -> None:
    first, second = _texts(filing_document(1)), _texts(filing_document(2))
    assert len(first) == len(second) >= 15
    assert not first & second


def test_a_large_filing_has_the_risk_factors_of_its_variant() -> None:
    large = large_filing_document(3, 1_000_000)
    assert 990_000 < len(large) < 1_010_000
    assert _texts(large) == _texts(filing_document(3))


def test_a_short_document_has_its_size() -> None:
    assert len(short_document(5_000)) == 5_000


def test_a_submission_is_the_gateways_json() -> None:
    assert json.loads(submission("ACME", "<p>")) == {"ticker": "ACME", "filing_year": 2024, "html_content": "<p>"}
