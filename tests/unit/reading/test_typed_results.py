"""Whatever a document holds, it is read or refused with a type: nothing in it is a fault of ours."""

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.analysis.reading import UnreadableDocument, read_item_1a, segment
from streams.analysis.scoring import company_size, full_text
from streams.analysis.scoring.novelty import History
from streams.analysis.scoring.severity import severity
from tests.unit.reading.filings import filing

BODY = "A fire at our only plant would stop our deliveries for months and would harm our results of operations. " * 3


def with_style(style: str) -> bytes:
    return filing(f'<p style="{style}">We may fail and lose all of our customers.</p><p>{BODY}</p>')


DOCUMENTS = {
    "an item's number and dots": b"<p>Item 2"
    + b"." * 500
    + b"x</p>"
    + filing(f"<p><b>We may fail.</b></p><p>{BODY}</p>"),
    "an item's number and nothing": b"<p>Item 2</p><p>Item</p><p>Item 1A</p>",
    "a size of 400 digits": with_style(f"font-size:{'9' * 400}pt"),
    "a size of 400 digits in a short hand": with_style(f"font: {'9' * 400}px serif"),
    "sizes that multiply": filing('<div style="font-size:900000%">' * 100 + "We may fail." + "</div>" * 100),
    "a character of 5,000 digits": b"<p>&#" + b"1" * 5000 + b"; aggregate market value</p>" + filing(f"<p>{BODY}</p>"),
    "a character of 5,000 hexadecimal digits": b"<p>&#x"
    + b"1" * 5000
    + b"; aggregate market value held by affiliates</p>",
    "an amount of 5,000 digits": filing(f"<p><b>We may fail.</b></p><p>We lost ${'1' * 5000} million. {BODY}</p>"),
    "a percentage of 5,000 digits": filing(f"<p><b>We may fail.</b></p><p>We lost {'1' * 5000}% of sales. {BODY}</p>"),
    "a year of 5,000 digits": filing(f"<p><b>We may fail.</b></p><p>In fiscal {'2' * 5000} we lost. {BODY}</p>"),
    "NUL and what is no text": filing(f"<p><b>We may\0 fail.\ufffe</b></p><p>&#0;&#xd800;&#x110000; {BODY}</p>"),
}


def analysed(document: bytes) -> None:
    """All of reading and scoring that needs no model."""
    with suppress(UnreadableDocument):
        factors = segment(read_item_1a(document))
        size = company_size(document)
        for factor in factors:
            severity(full_text(factor), History([]).novelty(factor, None), filing_year=2024, size=size)


@pytest.mark.parametrize("what", DOCUMENTS)
def test_a_document_with_something_absurd_in_it_is_read_or_refused(what: str) -> None:
    analysed(DOCUMENTS[what])


PIECES = st.sampled_from([
    "Item 1A. Risk Factors", "Item 1A", "Item", "1A", "<p>", "</p>", "<b>", "</b>", "<table><tr><td>", "</table>", "<pre>",
    "<br>", "<div style='font:", "'>", "9" * 30, "pt", "%", "$", "\0", "\u2022", "&#", ";", "&nbsp;", "<!--", "-->", "<style>",
    "</style>", "{", "}", "Item 1B.", "risks", "We may fail. ", "MAY ", "\n\n", "- - -", "(continued)", "\f", "<PAGE>", "...",
    "<DOCUMENT>", "<TYPE>10-K", "<TEXT>", "January 1, 2020", "million", "-", "\u202e", "<a href='#a'>", "<a name='a'>", BODY,
])  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PIECES | st.text(max_size=8), max_size=40), st.booleans())
def test_any_mixture_of_what_filings_are_made_of_is_read_or_refused(pieces: list[str], in_an_item: bool) -> None:
    text = "".join(pieces)
    analysed(filing(text) if in_an_item else text.encode("utf-8", "replace"))
