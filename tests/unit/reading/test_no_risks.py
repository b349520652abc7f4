"""What looks like a risk factor and is none: summaries, introductions, notes, sub-headings."""

import pytest

from tests.unit.reading.expected import assert_cut_right, factors_of
from tests.unit.reading.filings import (
    BODY,
    BOLD,
    BOLD_ITALIC,
    BOLD_UNDERLINED,
    GROUPS,
    HEADINGS,
    INTRODUCTION,
    ITALIC,
    ITEM_1A,
    SECOND,
    Tag,
    block_factors,
    paragraph,
)

SUMMARIES = {
    "bulleted": "".join(f"<p>&#8226; {heading}</p>" for heading in HEADINGS),
    "bulleted list": "<ul>" + "".join(f"<li>{heading}</li>" for heading in HEADINGS) + "</ul>",
    "under the groups' titles": "".join(
        BOLD(group.title) + "".join(f"<p>&#8226; {heading}</p>" for heading in group.headings) for group in GROUPS
    ),
    "under topics in the headings' look": "".join(
        BOLD_ITALIC(f"Our {topic}") + "".join(f"<p>&#8226; {heading}</p>" for heading in HEADINGS[:3])
        for topic in ("yards", "customers", "suppliers")
    ),
    "in the headings' look": "".join(BOLD_ITALIC(heading) for heading in HEADINGS),
    "in bullets of the headings' look": "".join(f"<p>&#8226; <b><i>{heading}</i></b></p>" for heading in HEADINGS),
}


@pytest.mark.parametrize("title", ["Risk Factors Summary", "Summary of Risk Factors", "Summary of Principal Risks"])
@pytest.mark.parametrize("summary", SUMMARIES.values(), ids=SUMMARIES.keys())
def test_a_summary_before_the_risk_factors_holds_none(title: str, summary: str) -> None:
    assert_cut_right(
        factors_of(
            paragraph(INTRODUCTION)
            + BOLD_UNDERLINED(title)
            + paragraph(INTRODUCTION)
            + summary
            + block_factors(BOLD_ITALIC, BOLD)
        )
    )


def test_a_list_of_the_risk_factors_without_a_title_holds_none() -> None:
    listed = "".join(BOLD_ITALIC(heading) for heading in HEADINGS[:-1])
    assert_cut_right(factors_of(paragraph(INTRODUCTION) + listed + block_factors(BOLD_ITALIC, BOLD)))


def test_a_title_above_the_full_text_is_no_risk() -> None:
    text = (
        BOLD("Risk Factors Summary") + SUMMARIES["bulleted"] + BOLD("Risk Factors") + block_factors(BOLD_ITALIC, BOLD)
    )
    assert_cut_right(factors_of(text))


@pytest.mark.parametrize(
    "title",
    [
        "Special Note Regarding Forward-Looking Statements",
        "CAUTIONARY STATEMENT REGARDING FORWARD-LOOKING STATEMENTS",
        "Forward-Looking Statements",
        "Cautionary Note on Forward-Looking Statements",
    ],
)
@pytest.mark.parametrize("look", [BOLD, BOLD_ITALIC])
def test_notes_on_forward_looking_statements_are_no_risks(title: str, look: Tag) -> None:
    note = look(title) + paragraph(INTRODUCTION)
    assert_cut_right(factors_of(note + BOLD("Risk Factors") + block_factors(BOLD_ITALIC, BOLD)))
    assert_cut_right(factors_of(paragraph(INTRODUCTION) + block_factors(BOLD_ITALIC, BOLD) + note))


def test_an_introduction_in_italics_is_no_risk() -> None:
    assert_cut_right(factors_of(ITALIC(INTRODUCTION + " " + INTRODUCTION) + block_factors(BOLD_ITALIC, BOLD)))


def test_an_introduction_in_the_headings_look_is_no_risk() -> None:
    assert_cut_right(factors_of(BOLD_ITALIC(INTRODUCTION) + block_factors(BOLD_ITALIC, BOLD)))


def test_titles_of_groups_may_be_plain() -> None:
    assert_cut_right(factors_of(paragraph(INTRODUCTION) + block_factors(BOLD, paragraph)))


def test_an_introduction_of_a_group_belongs_to_no_risk() -> None:
    text = ITEM_1A.replace(BOLD(GROUPS[1].title), BOLD(GROUPS[1].title) + paragraph(INTRODUCTION))
    assert_cut_right(factors_of(text))


def test_sub_headings_inside_a_risk_are_no_risks() -> None:
    sub = paragraph(BODY) + ITALIC("Winters") + paragraph(SECOND)
    text = paragraph(INTRODUCTION) + block_factors(BOLD, BOLD_UNDERLINED).replace(
        paragraph(BODY) + paragraph(SECOND), sub, 3
    )
    assert [factor.heading for factor in factors_of(text)] == list(HEADINGS)


def test_led_paragraphs_inside_a_risk_are_no_risks() -> None:
    led = paragraph(BODY) + f"<p>&#8226; <i>Ice Risk.</i> {SECOND}</p><p>&#8226; <i>Flood Risk.</i> {SECOND}</p>"
    text = paragraph(INTRODUCTION) + block_factors(ITALIC, BOLD).replace(paragraph(BODY) + paragraph(SECOND), led, 3)
    assert [factor.heading for factor in factors_of(text)] == list(HEADINGS)
