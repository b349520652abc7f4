"""Where Item 1A starts and ends, in the layouts in which extractors go wrong."""

import pytest

from streams.analysis.reading import read_item_1a
from tests.unit.reading.expected import assert_whole
from tests.unit.reading.filings import (
    BODY,
    BOLD,
    BUSINESS,
    CENTERED_BOLD,
    INTRODUCTION,
    ITALIC,
    ITEM_1A,
    PROPERTIES,
    REST,
    SECOND,
    STAFF_COMMENTS,
    block_factors,
    contents,
    cover,
    filing,
    paragraph,
)

FORMS_OF_THE_HEADING = [
    "<p><b>ITEM 1A. RISK FACTORS</b></p>",
    "<p><b>Item 1A.&nbsp;&nbsp;&nbsp;Risk Factors</b></p>",
    "<p><b>ITEM 1(A). RISK FACTORS.</b></p>",
    "<p><b>Item 1.A. Risk Factors</b></p>",
    "<p><b>Item 1 A. Risk Factors</b></p>",
    "<p><b>Item 1A Risk Factors</b></p>",
    "<p><b>Item 1A: Risk Factors:</b></p>",
    "<p><b>Item 1A &#151; Risk Factors</b></p>",
    "<p><b>Item 1A&#8212;Risk Factors</b></p>",
    "<p><b>Item IA. Risk Factors</b></p>",
    "<p><b>ITEM 1A. CERTAIN RISK FACTORS</b></p>",
    "<p><b>Item 1A. Risk Factors and Uncertainties</b></p>",
    "<p><b>Item 1A. Risk Factors That May Affect Our Results</b></p>",
    "<p><b>Item 1A. Risk Factors Related to Our Business</b></p>",
    "<p><b>Item 1A. Risks and Uncertainties</b></p>",
    "<p><b>1A. Risk Factors</b></p>",
    "<p><b>PART I, ITEM 1A. RISK FACTORS</b></p>",
    "<p><b>I<small>TEM</small> 1A. R<small>ISK</small> F<small>ACTORS</small></b></p>",
    "<p><b>I</b><b>TEM 1A</b><b>. RISK FACTO</b><b>RS</b></p>",
    "<p><b>Item 1A.<br>Risk Factors</b></p>",
    "<p><b>Item 1A.</b></p><p><b>Risk Factors</b></p>",
    "<p>&nbsp;</p><p><b>ITEM 1A</b></p>\n<p>&nbsp;</p><p align=center><b>RISK FACTORS</b></p>",
    "<table><tr><td>Item 1A.</td><td>Risk Factors</td></tr></table>",
    "<table><tr><td>Item&nbsp;1A.</td><td></td><td><b>RISK FACTORS</b></td><td></td></tr></table>",
    "<table><tr><td><p>ITEM 1A.</p></td></tr><tr><td><p>RISK FACTORS</p></td></tr></table>",
    "<h2>Item 1A. <span>Risk Factors</span></h2>",
    '<p><a name="x"></a><font size=2><b>Item&#160;1A.</b></font><font size=2><b>&#160;&#160;RISK FACTORS</b></font></p>',
    "<div>Item 1A. Risk Factors</div>",
    "<p><u>Item 1A</u>. <u>Risk Factors</u>.</p>",
    "<p><b>Item 1A. Risk Factors (unaudited)</b></p>",
    "<p><b>Item&#8201;1A.&#8203; Ri&#8203;sk&#8239;Fac&shy;tors</b></p>",
    "<p><b>Item No. 1A. Risk Factors</b></p>",
]


@pytest.mark.parametrize("heading", FORMS_OF_THE_HEADING)
def test_a_heading_is_recognised(heading: str) -> None:
    assert_whole(read_item_1a(filing(heading=heading)))


FOLLOWING = {
    "1B": STAFF_COMMENTS + PROPERTIES,
    "1B without its number": BOLD("UNRESOLVED STAFF COMMENTS") + paragraph("None.") + PROPERTIES,
    "1C": BOLD("Item 1C. Cybersecurity") + paragraph("We keep passwords in a drawer."),
    "2": PROPERTIES,
    "2 in cells": "<table><tr><td>ITEM 2.</td><td>PROPERTIES</td></tr></table>" + paragraph("We own both yards."),
    "2 described": BOLD("Item 2. Description of Property") + paragraph("We own both yards."),
    "3": "",
    "1B in capitals": CENTERED_BOLD("ITEM 1B: UNRESOLVED STAFF COMMENTS") + paragraph("Not applicable."),
    "1B run in": "<p><b>Item 1B. Unresolved Staff Comments.</b> None.</p>" + PROPERTIES,
    "part two": CENTERED_BOLD("PART II") + paragraph("Nothing."),
}


@pytest.mark.parametrize("following", FOLLOWING.values(), ids=FOLLOWING.keys())
def test_it_ends_at_the_next_item_whichever_that_is(following: str) -> None:
    assert_whole(read_item_1a(filing(following=following)))


def test_text_may_follow_the_heading_in_its_own_paragraph() -> None:
    item = read_item_1a(
        filing(f"<p><b>Item 1A. Risk Factors.</b> {INTRODUCTION}</p>" + block_factors(BOLD, ITALIC), heading="")
    )
    assert_whole(item)
    assert item.title == "Item 1A. Risk Factors"


def test_the_title_is_given_as_the_filing_has_it() -> None:
    assert read_item_1a(filing(heading="<p><b>ITEM 1A.  RISK FACTORS</b></p>")).title == "ITEM 1A. RISK FACTORS"


def test_white_space_is_collapsed() -> None:
    item = read_item_1a(filing(f"<p>{INTRODUCTION}</p><p>one\n two&nbsp; three</p>" + ITEM_1A))
    assert "one two three" in item.text


PROSE = [
    "Item 1A. Risk Factors for a discussion of what could go wrong.",
    "Item 1A. Risk Factors of this report describes more of them, which you should read as well before you decide.",
    "Item 1A, Risk Factors, and elsewhere in this report.",
    "Item 1A. Risk Factors\u201d and Item 7 of this report.",
]


@pytest.mark.parametrize("prose", PROSE)
@pytest.mark.parametrize("place", ["before", "after"])
def test_prose_that_starts_like_the_heading_is_none(prose: str, place: str) -> None:
    reference = paragraph("What follows should be read with") + paragraph(prose)
    if place == "before":
        assert_whole(read_item_1a(filing(before=BUSINESS + reference + paragraph(BODY) * 5)))
    else:
        assert_whole(read_item_1a(filing(rest=REST.replace(BODY, BODY, 1) + reference + paragraph(BODY) * 40)))


def test_prose_alone_is_no_item() -> None:
    reference = paragraph(PROSE[0]) + paragraph(BODY) * 5
    assert read_item_1a(filing(reference, heading="", toc="", front=cover(year=2003))).status == "not_found"


def test_a_page_header_that_names_the_next_item_does_not_cut_it() -> None:
    header = "<p>PART I</p><p>Item 1B</p>"
    pages = ITEM_1A.replace(paragraph(SECOND), paragraph(SECOND) + paragraph("14") + "<hr>" + header, 6)
    assert_whole(read_item_1a(filing(pages)))


def test_a_reference_that_a_link_breaks_into_a_block_is_not_the_heading() -> None:
    reference = (
        paragraph("For what may go wrong, see")
        + '<div><a href="#r">Item 1A. Risk Factors</a></div>'
        + paragraph(BODY) * 5
    )
    assert_whole(read_item_1a(filing(before=BUSINESS + reference)))


def test_a_reference_to_a_later_item_inside_does_not_end_it() -> None:
    inside = paragraph("Item 7 of this report says more.") + paragraph(
        "Item 3. Legal Proceedings of this report describes the suits."
    )
    assert_whole(read_item_1a(filing(paragraph(INTRODUCTION) + inside + block_factors(BOLD, ITALIC))))


def test_a_table_of_contents_without_rows_is_not_the_item() -> None:
    toc = "".join(
        paragraph(f"Item {n} {title}........{n}")
        for n, title in (
            ("1.", "Business"),
            ("1A.", "Risk Factors"),
            ("1B.", "Unresolved Staff Comments"),
            ("2.", "Properties"),
        )
    )
    assert_whole(read_item_1a(filing(toc=toc)))


def test_a_table_of_contents_that_lists_the_groups_is_not_the_item() -> None:
    toc = contents().replace(
        "<tr><td>Item 1B.", "<tr><td></td><td>Risks Related to Our Business</td><td>5</td></tr><tr><td>Item 1B."
    )
    assert_whole(read_item_1a(filing(toc=toc)))


def test_a_heading_repeated_on_every_page_does_not_cut_it() -> None:
    pages = ITEM_1A.replace(
        paragraph(SECOND),
        paragraph(SECOND)
        + '<p align="center">14</p><hr style="page-break-after:always">'
        + BOLD("Item 1A. Risk Factors"),
        5,
    )
    assert_whole(read_item_1a(filing(pages)))


@pytest.mark.parametrize(
    "running",
    [
        "Item 1A. Risk Factors (continued)",
        "ITEM 1A. RISK FACTORS \u2014 Continued",
        "Item 1A. Risk Factors, cont\u2019d",
    ],
)
def test_a_continued_heading_is_no_new_start(running: str) -> None:
    pages = ITEM_1A.replace(paragraph(SECOND), paragraph(SECOND) + paragraph("14") + "<hr>" + BOLD(running), 1)
    assert_whole(read_item_1a(filing(pages)))


def test_part_and_item_above_each_page_do_not_cut_it() -> None:
    header = "<p>PART I</p><p>Item 1A</p>"
    pages = ITEM_1A.replace(paragraph(SECOND), paragraph(SECOND) + paragraph("14") + "<hr>" + header, 6)
    item = read_item_1a(filing(pages))
    assert_whole(item)


def test_page_numbers_and_headers_after_the_last_risk_are_left_out() -> None:
    assert_whole(read_item_1a(filing(ITEM_1A + paragraph("21") + "<hr>" + paragraph("Table of Contents"))))


@pytest.mark.parametrize(
    "text",
    [
        "Not applicable.",
        "Not Applicable to smaller reporting companies.",
        "N/A",
        "None.",
        "Not required.",
        "As a smaller reporting company, we are not required to provide the information required by this Item.",
        "We are a smaller reporting company as defined by Rule 12b-2 and are not required to provide this information.",
        "Omitted pursuant to General Instruction J of Form 10-K.",
    ],
)
def test_an_item_that_is_not_required_is_said_to_be_so(text: str) -> None:
    item = read_item_1a(filing(paragraph(text)))
    assert (item.status, item.text) == ("not_required", text)


def test_not_applicable_may_stand_beside_the_heading() -> None:
    item = read_item_1a(filing(heading="<p><b>Item 1A. Risk Factors</b> - Not applicable.</p>", item_1a=""))
    assert (item.status, item.text) == ("not_required", "Not applicable.")
    assert read_item_1a(filing(heading=BOLD("Item 1A. Not Applicable."), item_1a="")).status == "not_required"


def test_a_small_company_that_describes_its_risks_all_the_same_is_found() -> None:
    text = (
        paragraph("As a smaller reporting company we are not required to describe our risks. However, we do so here.")
        + ITEM_1A
    )
    assert read_item_1a(filing(text)).status == "found"


@pytest.mark.parametrize(
    "text",
    [
        "The information required by this item is incorporated herein by reference to pages 14 to 20 of our Annual Report.",
        "Information in response to this Item can be found in our Annual Report to Shareholders under \u201cRisks\u201d.",
        "The section of our 2019 Annual Report to Stockholders that is headed \u201cRisk Factors\u201d is incorporated by reference into this report.",
    ],
)
def test_an_item_that_stands_in_another_document_is_said_to_do_so(text: str) -> None:
    item = read_item_1a(filing(paragraph(text)))
    assert (item.status, item.text) == ("incorporated_by_reference", text)


def test_a_filing_without_the_item_has_none() -> None:
    item = read_item_1a(filing(heading="", item_1a="", toc="", front=cover(year=2001)))
    assert (item.status, item.text, item.title) == ("not_found", "", "")


def test_risk_factors_inside_an_old_report_are_no_item_1a() -> None:
    item = read_item_1a(filing(heading=BOLD("Risk Factors"), toc="", front=cover(year=2003)))
    assert (item.status, item.text) == ("not_found", "")


def test_an_old_item_1a_about_something_else_is_none() -> None:
    item = read_item_1a(
        filing(heading=BOLD("Item 1A. Executive Officers of the Registrant"), toc="", front=cover(year=1997))
    )
    assert item.status == "not_found"


def test_a_section_without_its_number_is_found_if_the_contents_name_it() -> None:
    assert_whole(read_item_1a(filing(heading=BOLD("RISK FACTORS"))))


def index_filing(*, links: bool, following: str = "LEGAL PROCEEDINGS") -> bytes:
    """A report arranged freely, with an index of items at its end."""
    link = (lambda text, target: f'<a href="#{target}">{text}</a>') if links else (lambda text, _: text)
    big = lambda text: f'<div><span style="font-size:14pt;font-weight:700">{text}</span></div>'  # noqa: E731
    toc = f"<table><tr><td>{link('Our company', 'a1')}</td><td>3</td></tr><tr><td>{link('Risk Factors', 'a2')}</td><td>9</td></tr></table>"
    index = (
        "<p>Form 10-K Cross-Reference Index</p><table><tr><td>Item 1.</td><td>Business</td><td>3-8</td></tr>"
        f"<tr><td>Item 1A.</td><td>{link('Risk Factors', 'a2')}</td><td>9-12</td></tr>"
        "<tr><td>Item 1B.</td><td>Unresolved Staff Comments</td><td>Not applicable</td></tr>"
        f"<tr><td>Item 3.</td><td>{link('Legal Proceedings', 'a3')}</td><td>13</td></tr></table>"
    )
    anchored = '<div id="{}"></div>' if links else "{}"
    return (
        f"<html><body>{cover()}{toc}{anchored.format('a1') if links else ''}{big('OUR COMPANY')}{paragraph(BODY) * 9}"
        f"{anchored.format('a2') if links else ''}{big('RISK FACTORS')}{ITEM_1A}"
        f"{anchored.format('a3') if links else ''}{big(following)}{paragraph('There are none.')}{paragraph(BODY) * 9}{index}</body></html>"
    ).encode()


@pytest.mark.parametrize("links", [True, False])
def test_a_report_with_a_cross_reference_index_is_read_by_its_own_headings(links: bool) -> None:
    assert_whole(read_item_1a(index_filing(links=links)))
