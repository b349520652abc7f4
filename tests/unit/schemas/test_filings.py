"""What a filing event may say."""

from typing import Any

import pytest
from pydantic import ValidationError

from schemas.filings import FilingSubmitted
from tests.unit.examples import a_filing


def _fields_at_fault(**changes: Any) -> set[str]:
    with pytest.raises(ValidationError) as refused:
        a_filing(**changes)
    return {".".join(map(str, error["loc"])) for error in refused.value.errors()}


@pytest.mark.parametrize("ticker", ["A", "AAPL", "BRK.B", "BF-B", "0700", "ABCDEFGHIJ"])
def test_tickers_are_up_to_ten_capitals_digits_dots_and_dashes(ticker: str) -> None:
    assert a_filing(ticker=ticker).ticker == ticker


@pytest.mark.parametrize(
    "ticker", ["", "aapl", "ABCDEFGHIJK", "BRK B", "AAPL\n", "\nAAPL", "BRK/B", "Ａ", "٣", None, 7]
)
def test_other_tickers_are_refused(ticker: object) -> None:
    assert _fields_at_fault(ticker=ticker) == {"ticker"}


@pytest.mark.parametrize("year", [1990, 2030])
def test_years_from_1990_to_2030_are_taken(year: int) -> None:
    assert a_filing(filing_year=year).filing_year == year


@pytest.mark.parametrize("year", [1989, 2031, 2024.5, "soon", None])
def test_other_years_are_refused(year: object) -> None:
    assert _fields_at_fault(filing_year=year) == {"filing_year"}


@pytest.mark.parametrize("form", ["10-K", "10-K/A", "20-F", "10-KT", None])
def test_a_form_may_be_given(form: str | None) -> None:
    assert a_filing(form=form).form == form


@pytest.mark.parametrize("form", ["", "10-k", "ten k", "10-K405/A-LONG"])
def test_what_is_no_form_type_is_refused(form: str) -> None:
    assert _fields_at_fault(form=form) == {"form"}


def test_the_document_is_given_inline_or_by_path() -> None:
    assert a_filing(html_content="x").html_path is None
    assert a_filing(html_path="/filings/x.html").html_content is None


def test_an_empty_document_is_for_the_worker_to_judge() -> None:
    assert a_filing(html_content="").html_content == ""


@pytest.mark.parametrize("given", [{"html_content": None}, {"html_content": "x", "html_path": "/x"}])
def test_neither_or_both_documents_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="exactly one of html_content and html_path"):
        a_filing(**given)


@pytest.mark.parametrize("path", ["", "/" + "x" * 4096])
def test_a_path_is_neither_empty_nor_longer_than_a_path_can_be(path: str) -> None:
    assert _fields_at_fault(html_path=path) == {"html_path"}


@pytest.mark.parametrize("top_k", [1, 50])
def test_a_result_shows_1_to_50_risks(top_k: int) -> None:
    assert a_filing(retrieve_top_k=top_k).retrieve_top_k == top_k


@pytest.mark.parametrize("top_k", [0, 51, -1, "all"])
def test_another_number_of_risks_is_refused(top_k: object) -> None:
    assert _fields_at_fault(retrieve_top_k=top_k) == {"retrieve_top_k"}


@pytest.mark.parametrize("field", ["revenue_usd", "market_value_usd"])
@pytest.mark.parametrize("dollars", [1, 0.01, 391_035_000_000, 1e14])
def test_the_companys_size_may_be_given_in_dollars(field: str, dollars: float) -> None:
    assert getattr(a_filing(**{field: dollars}), field) == dollars


@pytest.mark.parametrize("field", ["revenue_usd", "market_value_usd"])
@pytest.mark.parametrize("dollars", [0, -1, 1.1e14, float("nan"), float("inf"), "$5", "much"])
def test_another_size_is_refused(field: str, dollars: object) -> None:
    assert _fields_at_fault(**{field: dollars}) == {field}


def test_unless_told_otherwise_the_companys_size_is_for_the_filing_to_state() -> None:
    assert (a_filing().revenue_usd, a_filing().market_value_usd) == (None, None)


def test_unless_told_otherwise_a_filing_is_analysed_and_ten_risks_are_shown() -> None:
    filing = a_filing()
    assert (filing.action, filing.retrieve_top_k, filing.form) == ("analyze", 10, None)


def test_an_unknown_field_is_an_error_of_the_producer() -> None:
    assert _fields_at_fault(fillling_year=2024) == {"fillling_year"}


def test_a_lone_surrogate_which_no_file_can_hold_is_refused() -> None:
    with pytest.raises(ValidationError):
        FilingSubmitted.model_validate_json(b'{"ticker": "ACME", "filing_year": 2024, "html_content": "\\ud800"}')
