"""What is a group's title, what one of its risk factors, and what neither."""

import pytest

from streams.analysis.reading import read_item_1a, segment
from tests.unit.reading.expected import factors_of
from tests.unit.reading.filings import (
    BODY,
    BOLD,
    BOLD_ITALIC,
    BOLD_UNDERLINED,
    HEADINGS,
    ITALIC,
    SECOND,
    UNDERLINED,
    Tag,
    paragraph,
    plain,
    styled,
    wrap,
)

LOOKS = {"bold": BOLD, "italic": ITALIC, "bold italic": BOLD_ITALIC, "underlined": UNDERLINED}
each_look = pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS.keys())


def two_groups(group: Tag, heading: Tag, titles: tuple[str, str], introduction: str = "") -> str:
    first = "".join(heading(words) + paragraph(BODY) for words in HEADINGS[:3])
    second = "".join(heading(words) + paragraph(SECOND) for words in HEADINGS[4:])
    return group(titles[0]) + introduction + first + group(titles[1]) + introduction + second


def assert_grouped(text: str, titles: tuple[str, str]) -> None:
    factors = factors_of(text)
    assert [factor.heading for factor in factors] == [*HEADINGS[:3], *HEADINGS[4:]]
    assert [factor.section for factor in factors] == [titles[0]] * 3 + [titles[1]] * 3
    assert {factor.text for factor in factors} == {BODY, SECOND}


@each_look
@pytest.mark.parametrize("titles", [("Rivers", "Laws"), ("Our Yards", "Laws and Rules")])
def test_a_word_in_the_look_of_the_risks_right_above_one_is_a_title(look: Tag, titles: tuple[str, str]) -> None:
    assert_grouped(two_groups(look, look, titles), titles)


@each_look
@pytest.mark.parametrize("introduction", ["", paragraph("What follows is about them.")])
def test_a_title_may_be_marked_by_larger_type_only(look: Tag, introduction: str) -> None:
    assert_grouped(two_groups(styled("font-size:14pt"), look, ("Rivers", "Laws"), introduction), ("Rivers", "Laws"))


@pytest.mark.parametrize(("group", "risk"), [("RISKS OF OUR YARDS", str.upper), ("Risks Related to Our Yards", str)])
@pytest.mark.parametrize("indent", [0, 6])
def test_a_title_may_stand_on_the_line_above_a_heading(group: str, risk: Tag, indent: int) -> None:
    parts = [f"{wrap(risk(words), first=indent)}\n\n{wrap(BODY, first=indent)}" for words in HEADINGS[:4]]
    text = f"ITEM 1A.  RISK FACTORS\n\n{group}\n" + "\n\n".join(parts[:2]) + "\n\nGENERAL BUSINESS RISKS\n"
    factors = segment(read_item_1a(plain(text + "\n\n".join(parts[2:]))))
    assert [factor.heading for factor in factors] == [risk(words) for words in HEADINGS[:4]]
    assert [factor.section for factor in factors] == [group] * 2 + ["GENERAL BUSINESS RISKS"] * 2


@each_look
@pytest.mark.parametrize("risk", ["Risk of Loss of Orders", "Risk that Rivers Freeze", "Risks from New Rules"])
def test_a_risk_of_something_with_text_of_its_own_is_a_factor(look: Tag, risk: str) -> None:
    headings = ["Dependence on One River", risk, "Uncertainty of the Rules"]
    factors = factors_of("".join(look(words) + paragraph(BODY) for words in headings))
    assert [(factor.heading, factor.section) for factor in factors] == [(words, "") for words in headings]


@pytest.mark.parametrize(
    "introduction",
    [
        "AN INVESTMENT IN OUR SHARES INVOLVES A HIGH DEGREE OF RISK. YOU SHOULD CONSIDER THE FOLLOWING RISK FACTORS.",
        "INVESTING IN OUR SHARES IS RISKY. BEFORE INVESTING, PLEASE READ ALL OF THIS REPORT.",
        "YOU SHOULD CAREFULLY CONSIDER THE RISKS DESCRIBED BELOW BEFORE YOU BUY OUR SHARES.",
    ],
)
def test_an_introduction_in_capitals_is_no_part_of_the_first_heading(introduction: str) -> None:
    parts = [f"{wrap(words.upper())}\n\n{wrap(BODY, first=5)}" for words in HEADINGS]
    text = "\n\n".join(["ITEM 1A.  RISK FACTORS", wrap(introduction, first=6), *parts])
    assert [factor.heading for factor in segment(read_item_1a(plain(text)))] == [words.upper() for words in HEADINGS]


@each_look
@pytest.mark.parametrize("other", [BOLD_UNDERLINED, UNDERLINED, ITALIC])
def test_titles_inside_a_risk_are_no_sections(look: Tag, other: Tag) -> None:
    if look is other:
        return
    inside = other("Winters") + paragraph(SECOND) + other("Summers") + paragraph(SECOND)
    text = "".join(
        look(words) + paragraph(BODY) + (inside if place == 1 else "") for place, words in enumerate(HEADINGS)
    )
    factors = factors_of(text)
    assert [(factor.heading, factor.section) for factor in factors] == [(words, "") for words in HEADINGS]
    assert factors[1].text == f"{BODY} Winters {SECOND} Summers {SECOND}"


@each_look
@pytest.mark.parametrize(
    "title",
    ["Additional risk factors also include the following:", "Other factors that could affect our results include"],
)
def test_a_list_of_further_risks_is_no_factor(look: Tag, title: str) -> None:
    text = "".join(look(words) + paragraph(BODY) for words in HEADINGS)
    text += look(title) + "".join(f"<p>&#8226; {point};</p>" for point in ("new rules", "strikes", "floods"))
    factors = factors_of(text)
    assert [factor.heading for factor in factors] == list(HEADINGS)
    assert factors[-1].text == BODY


@pytest.mark.parametrize(("outer", "inner"), [("i", "u"), ("b", "u"), ("u", "i"), ("b", "i")])
@pytest.mark.parametrize("bullet", ["<p>&#8226; {}</p>", "<table><tr><td>&#8226;</td><td>{}</td></tr></table>"])
def test_leads_beside_led_bullets_are_their_titles_or_factors_like_them(outer: str, inner: str, bullet: str) -> None:
    lead = lambda words, text: f"<p><{outer}>{words}</{outer}>. {text}</p>"  # noqa: E731
    point = lambda words: bullet.format(f"<{inner}>{words}</{inner}>. {BODY}")  # noqa: E731
    text = (
        lead("Demand Risks", "The following could lower demand:") + point("Weak budgets") + point("Electric cranes")
        + lead("Supply Risks", "The following could stop our yards:") + point("Loss of our supplier") + point("Strikes")
        + lead("Climate Risk", SECOND) + lead("Strategy Risks", SECOND) + lead("Other Risks", SECOND)
    )  # fmt: skip
    assert [(factor.heading.rstrip("."), factor.section) for factor in factors_of(text)] == [
        ("Weak budgets", "Demand Risks"),
        ("Electric cranes", "Demand Risks"),
        ("Loss of our supplier", "Supply Risks"),
        ("Strikes", "Supply Risks"),
        ("Climate Risk", ""),
        ("Strategy Risks", ""),
    ]


@pytest.mark.parametrize("heading", [UNDERLINED, BOLD_ITALIC, lambda words: f"<p><b>{words}</b></p>"])
def test_capitals_mark_nothing_in_a_document_of_capitals(heading: Tag) -> None:
    text = "".join(heading(words.upper()) + paragraph(BODY.upper()) for words in HEADINGS)
    assert [factor.heading for factor in factors_of(text)] == [words.upper() for words in HEADINGS]


@pytest.mark.parametrize(
    "style", ["mso-bidi-font-weight:normal", "mso-bidi-font-weight: normal;mso-ansi-font-weight:normal"]
)
def test_what_word_says_of_other_scripts_switches_no_bold_off(style: str) -> None:
    text = "".join(f"<p class=MsoNormal><b style='{style}'>{words}</b> {BODY}</p>" for words in HEADINGS)
    factors = factors_of(text)
    assert [(factor.heading, factor.text, factor.heading_source) for factor in factors] == [
        (words, BODY, "emphasis") for words in HEADINGS
    ]
