"""Whatever a filing's text is, scores are finite and in range; the models of the schema refuse anything else."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.risks import ItemStatus, RiskAssessment
from streams.analysis.scoring import FactorText, Scorer, StoredText, full_text
from streams.analysis.scoring.company import CompanySize
from tests.unit.scoring.embedders import BagOfWordsEmbedder, bag_of_words

SCORER = Scorer(BagOfWordsEmbedder())

FRAGMENTS = [
    "We", "has been", "lost", "bankruptcy", "may", "material", "adversely", "$", "€", "£", "4.9", "1,2,3", "9e99", "%", "of",
    "revenue", "billion", "million", "2024", "1987", ".", ";", "•", "U.S.", "Inc.", "\u2028", "\x00", "\ud800", "数据", "РИСК", "ا", "🙂",
]  # fmt: skip

TEXTS = st.one_of(
    st.text(max_size=300),
    st.lists(st.sampled_from(FRAGMENTS), max_size=60).map(" ".join),
    st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join),
)
FACTORS = st.builds(FactorText, TEXTS, TEXTS)
SIZES = st.none() | st.builds(CompanySize, st.floats(1e-3, 1e15), st.sampled_from(["revenue", "market value"]))


@dataclass(frozen=True)
class Item:
    status: ItemStatus = "found"
    form: str = "10-K"
    title: str = "Item 1A"
    text: str = ""


def assess(
    factors: list[FactorText], history: list[tuple[int, FactorText]], size: CompanySize | None = None
) -> RiskAssessment:
    return SCORER.assess(
        ticker="ACME",
        filing_year=2025,
        item=Item(),
        factors=factors,
        vectors=[bag_of_words(full_text(factor)) for factor in factors],
        history=[
            StoredText(year, factor.heading, factor.text, bag_of_words(full_text(factor))) for year, factor in history
        ],
        size=size,
    )


def numbers(value: Any) -> Iterator[float]:
    if isinstance(value, float):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from numbers(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from numbers(inner)


@settings(max_examples=200, deadline=None)
@given(st.lists(FACTORS, max_size=4), st.lists(st.tuples(st.integers(2020, 2026), FACTORS), max_size=3), SIZES)
def test_every_value_is_finite_and_between_zero_and_one(
    factors: list[FactorText], history: list[tuple[int, FactorText]], size: CompanySize | None
) -> None:
    assessed = assess(factors, history, size)
    assert len(assessed.risks) == len(factors)
    for risk in assessed.risks:
        for number in numbers(risk.model_dump(include={"category_confidence", "severity", "novelty"})):
            assert math.isfinite(number)
            assert 0.0 <= number <= 1.0


@settings(max_examples=100, deadline=None)
@given(st.data(), st.lists(FACTORS, min_size=2, max_size=5, unique=True))
def test_permuting_the_factors_permutes_the_result(data: st.DataObject, factors: list[FactorText]) -> None:
    history = [(2024, factors[0])]
    shuffled = data.draw(st.permutations(factors))

    def scores(order: list[FactorText]) -> dict[tuple[str, str], Any]:
        return {
            (risk.heading, risk.text): (risk.category, risk.severity, risk.novelty)
            for risk in assess(order, history).risks
        }

    assert scores(shuffled) == scores(factors)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "Risk",
        "word " * 40_000,
        "WE HAVE LOST ALL OF OUR SHIPS IN A STORM, AND OUR INSURER IS BANKRUPT.",
        "Unsere Verluste betrugen 30 Millionen Euro, und wir könnten weitere erleiden.",
        "我们可能会遭受重大损失。",
        "2023 | 2024 | 2025 \n 1,000 | (2,000) | 3,000 \n Total | 5% | —",
        "It cost $1,2,3 and $9e99 and $99999999999999999999 trillion.",
        "$" * 10_000,
        "A. " * 10_000,
    ],
)
def test_bad_input_gets_a_score_in_range(body: str) -> None:
    [risk] = assess([FactorText("", body)], [(2024, FactorText("Another", "We make bolts."))]).risks
    assert 0.0 <= risk.severity.value <= 1.0
    assert risk.novelty.value is not None
