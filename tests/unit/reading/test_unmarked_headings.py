"""Headings that no emphasis marks: by their place, in a table's column, at the start of bullets and paragraphs."""

from collections.abc import Sequence

import pytest

from streams.analysis.reading import HeadingSource, RiskFactorText, read_item_1a, regions, segment, warnings_of
from tests.unit.reading.expected import factors_of
from tests.unit.reading.filings import BODY, INTRODUCTION, SECOND, Tag, filing, paragraph, plain, wrap

RISKS = {
    "A frozen river could stop both of our yards at once.": BODY,
    "Our largest customer may build its own cranes.": SECOND,
    "New limits on noise could close our older yard at night.": "The older yard lies next to a school, and the town has "
    "asked twice for quiet after ten. A night without work costs us a crane every other week, and nobody makes up for it.",
    "Tariffs on steel may raise our costs faster than our prices.": "Steel is two fifths of what a crane costs. Our prices are "
    "agreed on two years before a crane is paid for, and most of our contracts say nothing of tariffs.",
}
HEADINGS = tuple(RISKS)
TEXTS = tuple(RISKS.values())


def own_lines(headings: Sequence[str], heading: Tag = wrap, body: Tag = wrap) -> bytes:
    parts = [f"{heading(words)}\n\n{body(text)}" for words, text in zip(headings, TEXTS, strict=False)]
    return plain("\n\n".join(["ITEM 1A.  RISK FACTORS", wrap(INTRODUCTION), *parts]))


def assert_found(document: bytes, headings: Sequence[str], source: HeadingSource) -> tuple[RiskFactorText, ...]:
    factors = segment(read_item_1a(document))
    assert [factor.heading for factor in factors] == list(headings)
    assert [factor.text for factor in factors] == list(TEXTS[: len(headings)])
    assert {factor.heading_source for factor in factors} == {source}
    assert warnings_of(factors) == ()
    return factors


def indented(blanks: int) -> Tag:
    return lambda text: wrap(text, first=blanks)


LISTS = {
    "sentences": HEADINGS,
    "of two and of three sentences": (
        "A frozen river could stop both of our yards. We have no third.",
        HEADINGS[1],
        "Noise limits may close our yard. We may have to move it. That would be costly.",
        HEADINGS[3],
    ),
    "some without a full stop": (HEADINGS[0], HEADINGS[1][:-1], HEADINGS[2][:-1], HEADINGS[3]),
    "some that are titles": ("Dependence on One River", HEADINGS[1], HEADINGS[2][:-1], "Control by Our Founder"),
    "only two": HEADINGS[:2],
}


@pytest.mark.parametrize("headings", LISTS.values(), ids=LISTS.keys())
@pytest.mark.parametrize(("heading", "body"), [(0, 0), (5, 5), (5, 0), (0, 5)])
def test_paragraphs_of_their_own(headings: Sequence[str], heading: int, body: int) -> None:
    assert_found(own_lines(headings, indented(heading), indented(body)), headings, "own_line")


@pytest.mark.parametrize("number", ["{}. {}", "({}) {}"])
def test_numbered_paragraphs_are_headings_without_their_number(number: str) -> None:
    numbered = [number.format(place, heading) for place, heading in enumerate(HEADINGS, 1)]
    factors = segment(read_item_1a(own_lines(numbered)))
    assert [factor.heading for factor in factors] == list(HEADINGS)


def test_a_heading_at_the_top_of_a_page_may_have_lost_its_indent() -> None:
    document = own_lines(HEADINGS, indented(6), indented(6)).decode()
    for page, heading in enumerate(HEADINGS[1:3], 8):
        document = document.replace(f"      {heading}", f"{page}\n\n<PAGE>\n\n{heading}")
    assert_found(document.encode(), HEADINGS, "own_line")


def test_points_of_a_law_are_no_headings() -> None:
    points = "\n\n".join(
        [
            wrap("We may hold no more than a tenth of our money in what is not one of the following:"),
            "(1) Securities that a company which we control may issue.",
            wrap(f"(2) {BODY}"),
            "(3) Cash, or paper of the government that may fall due in a year.",
            wrap(f"(4) {SECOND}"),
        ]
    )
    document = own_lines(HEADINGS).replace(b"ITEM 1B.", f"{points}\n\nITEM 1B.".encode())
    assert [factor.heading for factor in segment(read_item_1a(document))] == list(HEADINGS)


def test_a_first_paragraph_as_short_as_a_heading_is_text_if_it_says_the_same() -> None:
    again = "Our customers, of whom the largest is a port, may one day build their cranes."
    document = own_lines(HEADINGS).replace(wrap(SECOND).encode(), f"{again}\n\n{wrap(SECOND)}".encode(), 1)
    factors = segment(read_item_1a(document))
    assert [factor.heading for factor in factors] == list(HEADINGS)
    assert factors[1].text == f"{again} {SECOND}"


@pytest.mark.parametrize("opening", ["In addition, this", "These events", "As a result, they", "We believe that they"])
def test_a_short_paragraph_that_carries_on_is_no_heading(opening: str) -> None:
    document = own_lines(HEADINGS).replace(
        wrap(TEXTS[2]).encode(), f"{opening} may harm our yards.\n\n{wrap(TEXTS[2])}".encode()
    )
    assert [factor.heading for factor in segment(read_item_1a(document))] == list(HEADINGS)


@pytest.mark.parametrize("bullet", ["o    ", "*    ", "-    ", "--   ", "\u2022    "])
@pytest.mark.parametrize("after", [". ", ": ", " - ", " -- "])
@pytest.mark.parametrize("between", ["\n\n", "\n"])
def test_bullets_that_a_phrase_leads(bullet: str, after: str, between: str) -> None:
    phrases = ["Frozen river", "Our customers", "Limits on noise", "Tariffs"]
    bullets = [wrap(bullet + phrase + after + text, indent=5) for phrase, text in zip(phrases, TEXTS, strict=True)]
    text = plain("ITEM 1A.  RISK FACTORS\n\nAny of these could harm us:\n\n" + between.join(bullets))
    leads = [phrase + "." if after == ". " else phrase for phrase in phrases]
    assert_found(text, leads, "first_sentence")


BULLETS = {
    "characters": "<p>&#8226;&nbsp; {}</p>",
    "hyphens": "<p>- {}</p>",
    "list items": "<ul><li>{}</li></ul>",
    "cells": "<table><tr><td>&#8226;</td><td>{}</td></tr></table>",
    "nothing": "<p>{}</p>",
    "numbers": "<p>1. {}</p>",
}


@pytest.mark.parametrize("bullet", BULLETS.values(), ids=BULLETS.keys())
@pytest.mark.parametrize("introduction", ["", paragraph("You should consider the following risks with care.")])
def test_first_sentences_that_state_a_risk(bullet: str, introduction: str) -> None:
    text = "".join(bullet.format(f"{heading} {text}") for heading, text in RISKS.items())
    assert_found(filing(introduction + text), HEADINGS, "first_sentence")


def test_first_sentences_written_as_titles_part_paragraphs_that_do_not() -> None:
    titles = [
        "A Frozen River May Stop Our Yards.",
        "Our Customer May Build Its Own Cranes.",
        "Noise Is Limited at Night.",
    ]
    text = "".join(paragraph(f"{title} {text}") + paragraph(SECOND) for title, text in zip(titles, TEXTS, strict=False))
    factors = factors_of(text)
    assert [factor.heading for factor in factors] == titles
    assert all(factor.text.endswith(SECOND) for factor in factors)


HEADS = {
    "plain": "<tr><td>Risk</td><td>Description</td></tr>",
    "bold": "<tr><td><b>Risk</b></td><td><b>Description</b></td></tr>",
    "cells of a head": "<tr><th>Risk factor</th><th>What it means</th></tr>",
    "none": "",
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS.keys())
@pytest.mark.parametrize("headings", [HEADINGS, ("River", "Customers", "Noise", "Tariffs")])
def test_a_column_of_risks_beside_a_column_of_text(head: str, headings: Sequence[str]) -> None:
    rows = "".join(f"<tr><td>{one}</td><td>{two}</td></tr>" for one, two in zip(headings, TEXTS, strict=True))
    assert_found(filing(f"<table>{head}{rows}</table>"), headings, "own_line")


@pytest.mark.parametrize("footer", ["RHINE CRANES K - {}", "Rhine Cranes, Inc. {}", "{} Rhine Cranes", "Form 10-K {}"])
def test_a_footer_that_counts_the_pages_is_no_heading(footer: str) -> None:
    parts = [
        f"{wrap(words)}\n\n{wrap(text)}\n\n{footer.format(page)}" for page, (words, text) in enumerate(RISKS.items(), 7)
    ]
    text = plain("\n\n".join(["ITEM 1A.  RISK FACTORS", *parts]))
    assert_found(text, HEADINGS, "own_line")


def test_a_long_item_without_headings_is_one_factor_and_a_warning() -> None:
    prose = paragraph(BODY) * 30
    item = read_item_1a(filing(prose))
    (factor,) = segment(item)
    assert (factor.heading, factor.text, factor.heading_source) == (item.title, item.text, "whole_item")
    assert (factor.start, factor.end) == (0, len(item.text))
    assert warnings_of([factor]) == ("no_headings",)
    assert [(region.kind, region.start, region.end) for region in regions(item)] == [("factor", 0, len(item.text))]


def test_a_short_item_without_headings_has_no_factor() -> None:
    assert factors_of(paragraph(BODY) * 10) == ()


@pytest.mark.parametrize("parting", ["\n", "\n\n"])
def test_text_of_one_line_a_paragraph_is_read(parting: str) -> None:
    lines = [
        "FORM 10-K",
        "For the fiscal year ended December 31, 2008",
        "Item 1. Business",
        BODY,
        "Item 1A. Risk Factors",
    ]
    lines += [line for risk in RISKS.items() for line in risk]
    lines += ["Item 1B. Unresolved Staff Comments", "None.", "Item 2. Properties", "We own both yards."]
    assert_found(parting.join(lines).encode(), HEADINGS, "own_line")


def test_a_line_that_breaks_off_after_a_sentence_ends_its_paragraph() -> None:
    lines = [f"{wrap(words)}\n{wrap(text, first=5)} Nothing\nwill help." for words, text in RISKS.items()]
    factors = segment(read_item_1a(plain("ITEM 1A.  RISK FACTORS\n\n" + "\n".join(lines))))
    assert [factor.heading for factor in factors] == list(HEADINGS)


def test_titles_of_groups_part_bullets_that_nothing_marks() -> None:
    bullets = [f"<p>&#8226; {heading} {text}</p>" for heading, text in RISKS.items()]
    factors = factors_of(f"<p><b>Yards</b></p>{''.join(bullets[:2])}<p><b>Law</b></p>{''.join(bullets[2:])}")
    assert [(factor.section, factor.heading) for factor in factors] == [
        *(("Yards", heading) for heading in HEADINGS[:2]),
        *(("Law", heading) for heading in HEADINGS[2:]),
    ]


def test_phrases_in_capitals_lead_paragraphs() -> None:
    phrases = ["FROZEN RIVER", "CUSTOMERS", "LIMITS ON NOISE", "TARIFFS"]
    parts = [wrap(f"{phrase}. {text}") for phrase, text in zip(phrases, TEXTS, strict=True)]
    document = plain("\n\n".join(["ITEM 1A.  RISK FACTORS", *parts]))
    assert_found(document, [f"{phrase}." for phrase in phrases], "first_sentence")


SHORT = "The loss of any of them could harm our sales."
TOPICS = ("Competition", "Interest rates", "Key people", "Weather")


def test_short_paragraphs_under_emphasised_topics_are_text() -> None:
    factors = factors_of(
        "".join(f"<p><b>{topic}</b></p><p>{BODY}</p><p>{SHORT}</p><p>{SECOND}</p>" for topic in TOPICS)
    )
    assert [(factor.heading, factor.text) for factor in factors] == [
        (topic, f"{BODY} {SHORT} {SECOND}") for topic in TOPICS
    ]


def test_emphasised_topics_right_above_plain_headings_are_their_groups() -> None:
    first, second = HEADINGS[:2]
    risks = f"<p>{first}</p><p>{BODY}</p><p>{second}</p><p>{SECOND}</p>"
    factors = factors_of("".join(f"<p><b>{topic}</b></p>{risks}" for topic in TOPICS))
    assert [(factor.section, factor.heading) for factor in factors] == [
        (topic, heading) for topic in TOPICS for heading in (first, second)
    ]
