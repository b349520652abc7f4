"""Item 1A under the headings that filings really have: slips, titles of their own, page headers, several items at once."""

import pytest

from streams.analysis.reading import read_item_1a, segment
from tests.unit.reading.expected import assert_cut_right, assert_whole
from tests.unit.reading.filings import (
    BODY,
    BOLD,
    BUSINESS,
    CENTERED_BOLD,
    CONTENTS,
    HEADINGS,
    ITEM_1A,
    PROPERTIES,
    SECOND,
    STAFF_COMMENTS,
    contents,
    filing,
    paragraph,
    plain,
    wrap,
)

PLAIN_ITEM = "\n\n".join([wrap(text) for heading in HEADINGS for text in (heading, BODY, SECOND)])


def page(number: int, header: str) -> str:
    return f'<p align="center">{number}</p><hr style="page-break-after:always">{header}'


def paged(header: str) -> str:
    """The item with a page's end, and the header, after each of its first factors."""
    parts = ITEM_1A.split(paragraph(SECOND))
    breaks = [page(number, header) for number in range(8, 8 + len(parts) - 2)] + [""]
    return "".join(part + paragraph(SECOND) + end for part, end in zip(parts, breaks, strict=False)) + parts[-1]


@pytest.mark.parametrize(
    "header",
    [
        "Item 1A. Risk Factors, continued",
        "Item 1A. Risk Factors, (continued)",
        "Item 1A - Risk Factors - (continued)",
        "ITEM 1A. RISK FACTORS (Cont'd)",
        "Item 1A. Risk Factors -- Continued",
        "Item 1A. Risk Factors, cont.",
        "Item 1A: Risk Factors (continued).",
        "Item 1A, continued",
        "Risk Factors (Continued)",
    ],
)
def test_the_header_of_a_page_that_goes_on_is_no_start(header: str) -> None:
    item = read_item_1a(filing(paged(paragraph(header)), heading=page(7, "") + BOLD("Item 1A. Risk Factors")))
    assert_whole(item)
    assert_cut_right(segment(item))


def test_a_page_number_between_two_lines_of_plain_text_is_no_part_of_them() -> None:
    first, second = wrap(BODY).split("\n", 1)
    page_end = "                                    -27-\n \nItem 1A.  Risk Factors, (continued)\n"
    text = f"ITEM 1A.  RISK FACTORS\n\n{PLAIN_ITEM}".replace(wrap(BODY), f"{first}\n{page_end}\n{second}", 3)
    factors = segment(read_item_1a(plain(text)))
    assert_cut_right(factors, sections=False)


@pytest.mark.parametrize(
    ("header", "last"),
    [
        ("<p>PART I</p><p>Item 1A</p>", "<p>PART I</p><p>Item 1B, 2, 3, 4</p>"),
        ("<p>PART I, ITEM 1A</p>", "<p>PART I, ITEMS 1B, 2, 3 and 4</p>"),
        ("<p>PART I<br>Item 1A</p>", "<p>7 PART I<br>Item 1B, 2, 3</p>"),
        ("<table><tr><td>PART I</td></tr><tr><td>Item 1A</td></tr></table>", "<p>Part I. Items 1B and 2.</p>"),
    ],
)
def test_part_and_item_above_each_page_are_no_part_of_the_text(header: str, last: str) -> None:
    item = read_item_1a(
        filing(
            paged(header),
            heading=page(7, header) + BOLD("ITEM 1A. RISK FACTORS"),
            following=page(30, last) + STAFF_COMMENTS + PROPERTIES,
        )
    )
    assert_whole(item)
    assert_cut_right(segment(item))


SLIPS = [
    "Item 1. Risk Factors",
    "Item 1B. Risk Factors",
    "Item 2. Risk Factors",
    "Item 1(a). Risk Factors",
    "Item 1ARisk Factors",
    "ITEM 1ARISK FACTORS",
    "1A/ Risk Factors",
    "Item 1A/Risk Factors",
]


@pytest.mark.parametrize("heading", SLIPS)
def test_a_slip_in_the_number_hides_no_item(heading: str) -> None:
    assert_whole(read_item_1a(filing(heading=BOLD(heading))))
    assert_cut_right(segment(read_item_1a(plain(f"{heading}\n\n{PLAIN_ITEM}"))), sections=False)


TITLES = [
    "Investment Considerations",
    "Certain Factors Affecting Future Results",
    "Risk Considerations",
    "Factors That May Affect Future Results",
    "Important Factors to Consider",
    "Principal Risks and Uncertainties",
    "What Could Go Wrong",
]


@pytest.mark.parametrize("title", TITLES)
def test_item_1a_may_have_another_title(title: str) -> None:
    toc = contents().replace("Risk Factors", title)
    assert_whole(read_item_1a(filing(heading=BOLD(f"Item 1A. {title}"), toc=toc)))


@pytest.mark.parametrize("title", ["Executive Officers of the Registrant", "Employees", "Available Information"])
def test_item_1a_about_something_else_is_none(title: str) -> None:
    toc = contents().replace("Risk Factors", title)
    assert read_item_1a(filing(heading=BOLD(f"Item 1A. {title}"), toc=toc)).status == "not_found"


@pytest.mark.parametrize("parting", ["\n      ", "\n", "\n\n"])
def test_the_number_may_stand_on_the_line_below_the_word_item(parting: str) -> None:
    text = plain(f"Item{parting}1A. Risk Factors.\n\n{PLAIN_ITEM}").replace(b"ITEM 2.", f"Item{parting}2.".encode())
    factors = segment(read_item_1a(text.replace(b"ITEM 1B.  UNRESOLVED STAFF COMMENTS\n\nNone.\n\n", b"")))
    assert [factor.heading for factor in factors] == list(HEADINGS)
    assert {factor.text for factor in factors} == {f"{BODY} {SECOND}"}


def test_the_number_may_stand_in_another_cell_than_the_word_item() -> None:
    row = "<table><tr><td><b>Item</b></td><td><b>{}</b></td><td><b>{}</b></td></tr></table>"
    assert_whole(
        read_item_1a(filing(heading=row.format("1A.", "Risk Factors"), following=row.format("2.", "Properties")))
    )


def test_a_report_may_head_its_items_without_the_word_item() -> None:
    document = filing(
        heading=BOLD("1A/ Risk Factors"), before=BUSINESS.replace("Item 1.", "1/"), following=BOLD("2/ Properties")
    )
    assert_whole(read_item_1a(document))


def test_a_numbered_title_inside_the_item_ends_it_only_in_such_a_report() -> None:
    assert_whole(read_item_1a(filing(ITEM_1A.replace(paragraph(SECOND), BOLD("2. Properties") + paragraph(SECOND), 1))))


@pytest.mark.parametrize("heading", ["Item 1BUnresolved Staff Comments", "Item 2Properties", "ITEM 2PROPERTIES"])
def test_a_number_glued_to_the_title_ends_the_item(heading: str) -> None:
    assert_whole(read_item_1a(filing(following=BOLD(heading) + paragraph("None."))))


@pytest.mark.parametrize(
    "heading",
    [
        "Items 1 and 1A. Business and Risk Factors",
        "Item 1. and Item 1A. Business; Risk Factors",
        "Items 1, 1A and 2. Business, Risk Factors and Properties",
    ],
)
@pytest.mark.parametrize("inner", [BOLD("Risk Factors"), CENTERED_BOLD("RISK FACTORS")])
def test_an_item_that_shares_its_heading_starts_at_its_own_title(heading: str, inner: str) -> None:
    before = BOLD(heading) + paragraph(BODY) * 6
    after = inner.replace("Risk Factors", "Properties").replace("RISK FACTORS", "PROPERTIES")
    item = read_item_1a(filing(before=before, heading=inner, following=after + paragraph("We own both yards.")))
    assert_whole(item)
    assert "1A" in item.title


def test_items_1a_and_1b_may_share_a_heading() -> None:
    heading = BOLD("Items 1A and 1B. Risk Factors and Unresolved Staff Comments")
    assert_whole(read_item_1a(filing(heading=heading, following=PROPERTIES)))


@pytest.mark.parametrize(
    "banner", ["Executive Officers of the Registrant", "Cybersecurity", "Information About Our Executive Officers"]
)
def test_another_section_without_a_number_ends_the_item_if_it_looks_like_its_heading(banner: str) -> None:
    big = '<div><span style="font-size:14pt;font-weight:700">{}</span></div>'
    following = big.format(banner) + paragraph(BODY) + PROPERTIES
    assert_whole(read_item_1a(filing(heading=big.format("Item 1A. Risk Factors"), following=following)))
    group = ITEM_1A.replace("Risks Related to Laws and Regulations", banner)
    assert_whole(read_item_1a(filing(group, heading=big.format("Item 1A. Risk Factors"))))


@pytest.mark.parametrize("title", ["Risk Factors", "RISK FACTORS", "Risk Factors Relating to Our Business"])
@pytest.mark.parametrize("banner", ["CYBERSECURITY", "Sales and Marketing", "Executive Officers of the Registrant"])
@pytest.mark.parametrize("pages", ["9", "9-12", "9 - 11"])
def test_a_section_that_only_an_index_names_ends_at_a_banner_of_its_rank(title: str, banner: str, pages: str) -> None:
    rows = "".join(
        f"<tr><td>{number}</td><td>{name}</td><td>{pages if number == 'Item 1A.' else 20}</td></tr>"
        for number, name in CONTENTS
    )
    text = (
        BOLD("OUR COMPANY") + paragraph(BODY) * 9 + page(8, "") + BOLD(title) + ITEM_1A + page(12, "") + BOLD(banner)
        + paragraph("There are none.") + paragraph(BODY) * 9 + page(13, "")
    )  # fmt: skip
    item = read_item_1a(
        filing("", heading="", toc=f"<table>{rows}</table>", before=text, following="", rest=paragraph(BODY))
    )
    assert_whole(item)
    assert "There are none" not in item.text
