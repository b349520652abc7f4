"""Item 1A of quarterly reports, foreign companies' annual reports and other forms."""

import pytest

from streams.analysis.reading import read_item_1a
from tests.unit.reading.expected import assert_whole
from tests.unit.reading.filings import BODY, BOLD, ITEM_1A, cover, filing, paragraph


def quarterly(text: str) -> bytes:
    return (
        f"<html><body><p>FORM 10-Q</p><p>For the quarterly period ended June 30, 2019</p>{BOLD('PART I')}"
        f"{BOLD('Item 1. Financial Statements')}{paragraph(BODY) * 5}{BOLD('Item 2. Management’s Discussion and Analysis')}{paragraph(BODY) * 5}"
        f"{BOLD('PART II')}{BOLD('Item 1. Legal Proceedings')}{paragraph('None.')}{BOLD('Item 1A. Risk Factors')}{text}"
        f"{BOLD('Item 2. Unregistered Sales of Equity Securities and Use of Proceeds')}{paragraph('None.')}{BOLD('Item 6. Exhibits')}</body></html>"
    ).encode()


def test_item_1a_of_a_quarterly_report_is_found() -> None:
    item = read_item_1a(quarterly(ITEM_1A))
    assert_whole(item)
    assert item.form == "10-Q"


def test_a_quarterly_report_that_only_says_that_nothing_changed_is_found_with_that_text() -> None:
    text = "There have been no material changes to our risk factors."
    item = read_item_1a(quarterly(paragraph(text)))
    assert (item.status, item.text) == ("found", text)


@pytest.mark.parametrize(
    "heading", ["D. Risk Factors", "3.D. Risk factors", "Item 3.D. Risk Factors", "Risk Factors", "(D) Risk Factors"]
)
def test_item_3d_of_an_annual_report_of_a_foreign_company_is_found(heading: str) -> None:
    document = (
        f"<html><body><p>FORM 20-F</p>{BOLD('Item 3. Key Information')}{BOLD('A. Selected financial data')}{paragraph(BODY)}"
        f"{BOLD(heading)}{ITEM_1A}{BOLD('Item 4. Information on the Company')}{paragraph('We own both yards.')}</body></html>"
    )
    item = read_item_1a(document.encode())
    assert_whole(item)
    assert item.form == "20-F"


@pytest.mark.parametrize("form", ["10-K", "10-K/A", "10-K405", "10-KSB", "10-KT"])
def test_the_form_is_read_off_the_cover(form: str) -> None:
    assert read_item_1a(filing(front=cover(form))).form == form


def test_the_form_may_be_given() -> None:
    assert read_item_1a(filing(), form="10-K/A").form == "10-K/A"


def test_the_main_document_of_a_submission_is_taken() -> None:
    submission = (
        b"<SEC-DOCUMENT>x.txt\n<SEC-HEADER>y</SEC-HEADER>\n<DOCUMENT>\n<TYPE>EX-99\n<TEXT>\n<p>Item 1A. Risk Factors</p>\n</TEXT>\n</DOCUMENT>\n"
        b"<DOCUMENT>\n<TYPE>10-KT\n<SEQUENCE>1\n<TEXT>\n" + filing() + b"\n</TEXT>\n</DOCUMENT>\n"
        b"<DOCUMENT>\n<TYPE>GRAPHIC\n<TEXT>\nbegin 644\n</TEXT>\n</DOCUMENT>\n</SEC-DOCUMENT>\n"
    )
    item = read_item_1a(submission)
    assert_whole(item)
    assert item.form == "10-KT"
