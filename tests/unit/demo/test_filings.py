"""The two bundled filings of a made-up company hold what a demonstration of the analysis needs."""

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, cast

import pytest
from lxml import html

from schemas.risks import Category

YEARS = (2023, 2024)

CATEGORIES = {
    "Demand for our products follows": Category.SYSTEMATIC,
    "A limited number of customers": Category.COMPETITIVE,
    "We now make one sixth of our sales": Category.COMPETITIVE,
    "We compete with larger": Category.COMPETITIVE,
    "We depend on a few foundries": Category.OPERATIONAL,
    "New tariffs": Category.GEOPOLITICAL,
    "Nearly half of our sales": Category.GEOPOLITICAL,
    "A hurricane, flood or fire": Category.OPERATIONAL,
    "Work stoppages": Category.HUMAN_CAPITAL,
    "In May 2024 a ransomware": Category.TECHNOLOGICAL,
    "Our connected instruments": Category.TECHNOLOGICAL,
    "We are replacing the business system": Category.TECHNOLOGICAL,
    "Our products work with dangerous": Category.REGULATORY,
    "Our sales to projects": Category.REGULATORY,
    "Restrictions on fluorinated": Category.REGULATORY,
    "Our reputation rests on": Category.REPUTATIONAL,
    "We have substantial debt": Category.FINANCIAL,
    "We refinanced our debt": Category.FINANCIAL,
    "We identified a material weakness": Category.FINANCIAL,
    "Changes in exchange rates": Category.FINANCIAL,
    "Our pension plan": Category.FINANCIAL,
    "The Kelmarsh Family Trust": Category.OTHER,
}
"""How each heading begins, and the cause that it names."""

NEW_IN_2024 = {
    "New tariffs",
    "In May 2024 a ransomware",
    "Restrictions on fluorinated",
    "We identified a material weakness",
}
DROPPED_AFTER_2023 = {"We are replacing the business system", "Our pension plan"}


@dataclass(frozen=True)
class Risk:
    section: str
    heading: str
    body: str

    @property
    def beginning(self) -> str:
        (beginning,) = [known for known in CATEGORIES if self.heading.startswith(known)]
        return beginning


@dataclass(frozen=True)
class Item:
    introduction: str
    risks: tuple[Risk, ...]


@cache
def source(year: int) -> bytes:
    return files("ops.demo").joinpath("filings", f"KLMF_{year}.html").read_bytes()


@cache
def item_1a(year: int) -> Item:
    """Item 1A by the styles of these two documents: groups are underlined, headings bold and italic."""
    (body,) = found(html.fromstring(source(year)), "./body")
    introduction: list[str] = []
    risks: list[Risk] = []
    inside, section = False, ""
    for block in body:
        text = " ".join(block.text_content().split())
        anchors = found(block, "./a/@id")
        if anchors and not anchors[0].startswith("part"):
            inside = anchors == ["a1a_risk_factors"]
        elif not inside or is_furniture(text):
            continue
        elif styles := "".join(found(block, "./span/@style")):
            if "underline" in styles:
                section = text
            elif "italic" in styles:
                risks.append(Risk(section, text, ""))
            elif risks:
                risks[-1] = Risk(section, risks[-1].heading, f"{risks[-1].body} {text}".strip())
            else:
                introduction.append(text)
    return Item(" ".join(introduction), tuple(risks))


def found(node: html.HtmlElement, query: str) -> list[Any]:
    """What an XPath query that selects nodes or attributes finds; the stubs of lxml allow for any result."""
    return cast("list[Any]", node.xpath(query))


def is_furniture(text: str) -> bool:
    return not text or text.isdigit() or text.startswith("Table of Contents")


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.;:?])\s+", text)


def by_beginning(year: int) -> dict[str, Risk]:
    return {risk.beginning: risk for risk in item_1a(year).risks}


@pytest.mark.parametrize("year", YEARS)
def test_a_filing_is_of_the_size_of_a_short_real_one(year: int) -> None:
    assert 80_000 < len(source(year)) < 150_000


@pytest.mark.parametrize("year", YEARS)
def test_a_filing_has_all_items_of_a_10_k_in_their_order(year: int) -> None:
    text = html.tostring(html.fromstring(source(year)), method="text", encoding="unicode")
    after_contents = text[text.index("Forward-Looking Statements") :]
    numbers = re.findall(r"Item (\d+[A-C]?)\.\s{4}", after_contents)
    assert " ".join(numbers) == "1 1A 1B 1C 2 3 4 5 6 7 7A 8 9 9A 9B 9C 10 11 12 13 14 15 16"


@pytest.mark.parametrize("year", YEARS)
def test_each_link_leads_to_an_anchor(year: int) -> None:
    document = html.fromstring(source(year))
    targets = {link.removeprefix("#") for link in found(document, "//a/@href")}
    assert len(targets) > 20
    assert targets <= set(found(document, "//a/@id"))


@pytest.mark.parametrize("year", YEARS)
def test_the_contents_name_the_page_of_each_item(year: int) -> None:
    document = html.fromstring(source(year))
    for row in found(document, "//tr[td[3]][.//a]"):
        (anchor,) = found(document, f"//a[@id='{found(row, './/a/@href')[0].removeprefix('#')}']")
        below = (block.text_content().strip() for block in found(anchor, "./following::div"))
        assert row[-1].text_content() == next(text for text in below if text.isdigit())


@pytest.mark.parametrize("year", YEARS)
def test_item_1a_begins_with_an_introduction_and_has_three_groups(year: int) -> None:
    item = item_1a(year)
    assert 80 < len(item.introduction.split()) < 250
    sizes = list(Counter(risk.section for risk in item.risks).values())
    assert sizes == {2023: [7, 5, 4], 2024: [8, 6, 4]}[year]
    assert all(risk.section.startswith("Risks Related to ") for risk in item.risks)


@pytest.mark.parametrize("year", YEARS)
def test_each_risk_factor_has_a_sentence_for_a_heading_and_60_to_400_words(year: int) -> None:
    for risk in item_1a(year).risks:
        assert risk.heading.endswith(".")
        assert 10 <= len(risk.heading.split()) <= 30
        assert 60 <= len(risk.body.split()) <= 400


@pytest.mark.parametrize("year", YEARS)
def test_the_risk_factors_of_a_year_cover_all_categories(year: int) -> None:
    assert {CATEGORIES[beginning] for beginning in by_beginning(year)} == set(Category)


@pytest.mark.parametrize("year", YEARS)
def test_no_sentence_of_item_1a_is_repeated(year: int) -> None:
    item = item_1a(year)
    said = Counter(sentences(" ".join([item.introduction, *(risk.body for risk in item.risks)])))
    assert [sentence for sentence, times in said.items() if times > 1] == []


def test_eight_risk_factors_are_carried_over_word_for_word() -> None:
    earlier = {(risk.heading, risk.body) for risk in item_1a(2023).risks}
    carried = [risk for risk in item_1a(2024).risks if (risk.heading, risk.body) in earlier]
    assert len(carried) == 8


def test_six_risk_factors_keep_some_sentences_and_gain_others() -> None:
    earlier = [set(sentences(risk.body)) for risk in item_1a(2023).risks]
    revised = []
    for risk in item_1a(2024).risks:
        said = set(sentences(risk.body))
        kept = max(len(said & before) for before in earlier)
        if 0 < kept < len(said):
            revised.append(risk.beginning)
            assert len(said) - kept >= 3
    assert len(revised) == 6


def test_four_risk_factors_are_new_and_share_no_sentence_with_the_earlier_year() -> None:
    earlier = {sentence for risk in item_1a(2023).risks for sentence in sentences(risk.body)}
    new = {risk.beginning for risk in item_1a(2024).risks if earlier.isdisjoint(sentences(risk.body))}
    assert new == NEW_IN_2024


def test_two_risk_factors_are_dropped() -> None:
    later = {sentence for risk in item_1a(2024).risks for sentence in sentences(risk.body)}
    dropped = {risk.beginning for risk in item_1a(2023).risks if later.isdisjoint(sentences(risk.body))}
    assert dropped == DROPPED_AFTER_2023


def test_the_new_facts_of_the_later_year_have_amounts() -> None:
    later = by_beginning(2024)
    assert "$41.7 million" in later["In May 2024 a ransomware"].body
    assert "$27 million a year" in later["New tariffs"].body
    assert "$207.0 million" in later["We now make one sixth of our sales"].body
    assert "$610.0 million" in later["We refinanced our debt"].body
    assert "$64.0 million" in later["Our products work with dangerous"].body
    assert all("ransomware" not in risk.body.lower() for risk in item_1a(2023).risks)


@pytest.mark.parametrize(("year", "sales"), [(2023, "1,204.6"), (2024, "1,231.9")])
def test_net_sales_are_tagged_with_their_year_and_scale(year: int, sales: str) -> None:
    document = html.fromstring(source(year))
    tags = found(
        document,
        "//*[contains(@name, ':RevenueFromContractWithCustomerExcludingAssessedTax')]"
        f"[@contextref='d{year}'][@scale='6']",
    )
    assert [tag.text_content() for tag in tags] == [sales]
