"""Item 1A cut into its risk factors, in the layouts that filing agents and companies use."""

from html import escape
from itertools import pairwise

import pytest

from streams.analysis.reading import read_item_1a, regions, segment
from tests.unit.reading.expected import assert_cut_right, factors_of
from tests.unit.reading.filings import (
    BODY,
    BOLD,
    BOLD_ITALIC,
    BOLD_UNDERLINED,
    CENTERED_BOLD,
    GROUPS,
    HEADINGS,
    INTRODUCTION,
    ITALIC,
    ITEM_1A,
    SECOND,
    UNDERLINED,
    Group,
    Tag,
    block_factors,
    filing,
    paragraph,
    run_in_factors,
    styled,
)

CAPS = lambda text: paragraph(text.upper())  # noqa: E731
LARGER = styled("font-size:14pt")
SMALL_CAPS = lambda text: f'<p><span style="font-variant:small-caps">{text}</span></p>'  # noqa: E731

BLOCKS = {
    "bold under bold italic": (BOLD, BOLD_ITALIC),
    "bold italic under bold": (BOLD_ITALIC, BOLD),
    "bold under underlined": (BOLD, UNDERLINED),
    "bold under bold underlined": (BOLD, BOLD_UNDERLINED),
    "bold under centred bold": (BOLD, CENTERED_BOLD),
    "bold under larger bold": (BOLD, styled("font-weight:700;font-size:14pt")),
    "bold under capitals": (BOLD, CAPS),
    "italic under bold": (ITALIC, BOLD),
    "italic under underlined": (ITALIC, UNDERLINED),
    "italic under bold italic": (ITALIC, BOLD_ITALIC),
    "underlined under bold": (UNDERLINED, BOLD),
    "underlined under capitals": (UNDERLINED, CAPS),
    "bold underlined under bold italic": (BOLD_UNDERLINED, BOLD_ITALIC),
    "bold, groups in the same look": (BOLD, BOLD),
    "italic, groups in the same look": (ITALIC, ITALIC),
    "larger under larger bold": (LARGER, styled("font-weight:700;font-size:18pt")),
    "h4 under h3": (lambda t: f"<h4>{t}</h4>", lambda t: f"<h3>{t}</h3>"),
    "strong under h2": (lambda t: f"<p><strong>{t}</strong></p>", lambda t: f"<h2>{t}</h2>"),
    "font tags in capitals": (
        lambda t: f'<P ALIGN="JUSTIFY"><FONT SIZE=2><B><I>{t}</I></B></FONT></P>',
        lambda t: f'<P ALIGN="CENTER"><FONT SIZE=2><B>{t}</B></FONT></P>',
    ),
    "style on the paragraph": (
        lambda t: f'<p style="font:bold 10pt Times New Roman">{t}</p>',
        lambda t: f'<p style="font:italic bold 10pt Times New Roman">{t}</p>',
    ),
    "style by class": (lambda t: f'<p class="rf">{t}</p>', lambda t: f'<p class="grp">{t}</p>'),
    "each word in its own span": (
        lambda t: "<p>" + " ".join(f"<b>{w}</b>" for w in t.split()) + "</p>",
        BOLD_UNDERLINED,
    ),
    "the full stop outside": (lambda t: f"<p><b>{t[:-1]}</b>.</p>", BOLD_ITALIC),
    "in table cells": (lambda t: f"<table><tr><td><b>{t}</b></td></tr></table>", BOLD_UNDERLINED),
    "a superscript inside": (
        lambda t: f"<p><b>{t[:8]}</b><sup>1</sup><b>{t[8:]}</b></p>".replace("<sup>1</sup>", "<sup></sup>"),
        BOLD_UNDERLINED,
    ),
}


@pytest.mark.parametrize(("heading", "group"), BLOCKS.values(), ids=BLOCKS.keys())
def test_headings_in_paragraphs_of_their_own(heading: Tag, group: Tag) -> None:
    style = "<style>.rf {font-weight: bold; font-style: italic} p.grp {font-weight:bold}</style>"
    assert_cut_right(factors_of(style + paragraph(INTRODUCTION) + block_factors(heading, group)))


RUN_INS = {
    "bold": ("<b>", "</b>"),
    "italic": ("<i>", "</i>"),
    "bold italic": ("<b><i>", "</i></b>"),
    "underlined": ("<u>", "</u>"),
    "bold span": ('<span style="font-weight:700">', "</span>"),
    "bold with a break": ("<b>", "</b><br>"),
    "bold after a bullet": ("&#8226;&nbsp;<b>", "</b>"),
}


@pytest.mark.parametrize(("before", "after"), RUN_INS.values(), ids=RUN_INS.keys())
@pytest.mark.parametrize("group", [BOLD_UNDERLINED, CENTERED_BOLD], ids=["underlined groups", "centred groups"])
def test_headings_that_lead_their_paragraph(before: str, after: str, group: Tag) -> None:
    assert_cut_right(factors_of(paragraph(INTRODUCTION) + run_in_factors(before, after, group)))


def test_a_bullet_in_a_cell_of_its_own_is_no_part_of_the_heading() -> None:
    row = "<table><tr><td>&#8226;</td><td><b>{}</b> {}</td></tr></table>"
    parts = []
    for group in GROUPS:
        parts.append(CENTERED_BOLD(group.title))
        for heading in group.headings:
            parts += [row.format(escape(heading), BODY), paragraph(SECOND)]
    assert_cut_right(factors_of(paragraph(INTRODUCTION) + "".join(parts)))


def test_headings_of_a_bulleted_list() -> None:
    parts = [f"<ul><li><b>{heading}</b> {BODY}</li></ul>" for heading in HEADINGS]
    factors = factors_of(paragraph(INTRODUCTION) + "".join(parts))
    assert [factor.heading for factor in factors] == list(HEADINGS)


def test_headings_without_groups() -> None:
    factors = factors_of(paragraph(INTRODUCTION) + block_factors(BOLD, BOLD, groups=[Group("", HEADINGS)]))
    assert [factor.heading for factor in factors] == list(HEADINGS)
    assert {factor.section for factor in factors} == {""}


def test_headings_of_two_sentences_stay_whole() -> None:
    assert any(". If it fails us" in factor.heading for factor in factors_of(ITEM_1A))


def test_a_heading_that_goes_on_in_the_next_block_is_one() -> None:
    long = HEADINGS[1]
    split = ITEM_1A.replace(BOLD_ITALIC(long), BOLD_ITALIC(long[:30].rstrip()) + BOLD_ITALIC(long[30:].lstrip()))
    assert split != ITEM_1A
    assert_cut_right(factors_of(split))


def test_a_heading_that_a_page_break_parts_is_one() -> None:
    long = HEADINGS[1]
    page = "<p align=center>17</p><hr><p>Table of Contents</p>"
    split = ITEM_1A.replace(BOLD_ITALIC(long), BOLD_ITALIC(long[:30].rstrip()) + page + BOLD_ITALIC(long[30:].lstrip()))
    assert_cut_right(factors_of(split))


def test_page_furniture_is_no_part_of_a_body() -> None:
    page = '<p align="center">{}</p><hr style="page-break-after:always"><p>Rhine Cranes, Inc.</p><p><a href="#toc">Table of Contents</a></p>'
    text = ITEM_1A
    for number in range(6):
        text = text.replace(
            f"{paragraph(BODY)}{paragraph(SECOND)}",
            paragraph(BODY) + page.format(number + 10) + paragraph(SECOND) + " ",
            1,
        )
    assert_cut_right(factors_of(text))


def test_a_paragraph_that_a_page_break_parts_is_joined() -> None:
    half = len(BODY) // 2
    half = BODY.index(" ", half)
    page = '<p align="center">9</p><hr><p>Table of Contents</p>'
    text = ITEM_1A.replace(paragraph(BODY), paragraph(BODY[:half]) + page + paragraph(BODY[half + 1 :]))
    assert_cut_right(factors_of(text))


def test_groups_may_be_nested() -> None:
    text = paragraph(INTRODUCTION) + CENTERED_BOLD("Company Risks") + block_factors(BOLD_ITALIC, BOLD)
    assert_cut_right(factors_of(text))


def test_a_short_topic_before_a_dash_belongs_to_the_heading() -> None:
    text = "".join(f"<p><b>Topic {n} - {heading}</b> {BODY}</p>" for n, heading in enumerate(HEADINGS))
    factors = factors_of(paragraph(INTRODUCTION) + text)
    assert [factor.heading for factor in factors] == [f"Topic {n} - {heading}" for n, heading in enumerate(HEADINGS)]


def test_titles_without_a_verb_are_headings_if_nothing_else_is() -> None:
    topics = ("Competition", "Steel prices", "Key people", "Weather", "Interest rates")
    text = "".join(BOLD(topic) + paragraph(BODY) for topic in topics)
    assert [factor.heading for factor in factors_of(paragraph(INTRODUCTION) + text)] == list(topics)


def test_a_stray_look_among_the_headings_is_a_heading_too() -> None:
    text = ITEM_1A.replace(BOLD_ITALIC(HEADINGS[4]), BOLD(HEADINGS[4]))
    assert_cut_right(factors_of(text))


def test_bold_words_inside_the_text_are_no_headings() -> None:
    text = ITEM_1A.replace("two yards on the same river", "two <b>yards</b> on the same river")
    assert_cut_right(factors_of(text))


def test_tables_inside_a_risk_stay_with_it() -> None:
    table = "<table><tr><td>Year</td><td>Cranes</td></tr><tr><td>2018</td><td>14</td></tr></table>"
    factors = factors_of(ITEM_1A.replace(paragraph(SECOND), table + paragraph(SECOND), 1))
    assert [factor.heading for factor in factors] == list(HEADINGS)
    assert "Year Cranes 2018 14" in factors[0].text


@pytest.mark.parametrize("separator", ["<br><br>", "<br>\n<br>&nbsp;<br>"])
def test_paragraphs_that_only_empty_lines_part(separator: str) -> None:
    parts = []
    for group in GROUPS:
        parts.append(f"<b><u>{group.title}</u></b>")
        for heading in group.headings:
            parts += [f"<b>{heading}</b>", BODY, SECOND]
    assert_cut_right(factors_of(f"<p>{INTRODUCTION}{separator}{separator.join(parts)}</p>"))


def test_offsets_point_at_the_heading_and_the_end_of_the_text() -> None:
    item = read_item_1a(filing())
    for factor in segment(item):
        assert item.text[factor.start : factor.end] == f"{factor.heading} {factor.text}"


def test_the_anchor_is_the_nearest_one_before() -> None:
    text = ITEM_1A.replace(BOLD_ITALIC(HEADINGS[2]), '<div id="r3"></div>' + BOLD_ITALIC(HEADINGS[2]))
    anchors = [factor.anchor for factor in factors_of('<a name="r0"></a>' + text)]
    assert anchors == ["r0", "r0", "r3", "r3", "r3", "r3", "r3"]


def test_an_item_that_is_not_required_has_no_risk_factors() -> None:
    assert factors_of(paragraph("Not applicable.")) == ()


def test_an_item_of_plain_prose_has_no_risk_factors() -> None:
    assert factors_of(paragraph(INTRODUCTION) + paragraph(BODY) * 5) == ()


def test_every_character_belongs_to_one_region() -> None:
    page = '<p align="center">17</p><hr><p>Table of Contents</p>'
    note = BOLD("Forward-Looking Statements") + paragraph(INTRODUCTION)
    item = read_item_1a(filing(ITEM_1A.replace(paragraph(SECOND), paragraph(SECOND) + page, 1) + note))
    found = regions(item)
    assert (found[0].start, found[-1].end) == (0, len(item.text))
    assert all(one.end == two.start for one, two in pairwise(found))
    kinds = [region.kind for region in found]
    assert kinds == [
        "introduction",
        "group_heading",
        "factor",
        "furniture",
        *["factor"] * 3,
        "group_heading",
        *["factor"] * 3,
        "note",
    ]
    starts = {region.start for region in found if region.kind == "factor"}
    assert {factor.start for factor in segment(item)} <= starts
