import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.analysis.scoring.company import CompanySize
from streams.analysis.scoring.parts import Part
from streams.analysis.scoring.prose import read
from streams.analysis.scoring.stakes import stakes

SMALL = CompanySize(1e8, "revenue")
LARGE = CompanySize(1e11, "revenue")


def part(text: str, size: CompanySize | None = None) -> Part:
    return stakes(read(text), 2025, size)


def test_no_amount_is_no_stake() -> None:
    assert part("We lost much.") == Part(0.0, (), "")


@given(st.integers(1, 10**12), st.integers(1, 10**12))
def test_the_larger_amount_never_has_the_lower_value(one: int, other: int) -> None:
    smaller, larger = sorted((one, other))
    assert part(f"We lost ${larger:,}.").value >= part(f"We lost ${smaller:,}.").value


@given(st.lists(st.integers(1, 10**12), max_size=5), st.integers(1, 10**12))
def test_one_more_amount_never_lowers_the_value(losses: list[int], added: int) -> None:
    before = " ".join(f"We lost ${loss:,}." for loss in losses)
    assert part(f"{before} We lost ${added:,}.").value >= part(before).value


def test_the_same_amount_weighs_more_for_a_smaller_company() -> None:
    assert part("We lost $5 million.", SMALL).value > part("We lost $5 million.", LARGE).value


def test_the_relation_to_the_companys_size_is_part_of_the_evidence() -> None:
    assert part("We lost $5 million.", SMALL).evidence == (
        "$5 million (5% of revenue)",
        "We lost $5 million.",
    )


def test_a_share_of_revenue_needs_no_company_size() -> None:
    share = part("We lost a customer who gave 12% of revenue.")
    assert share.value == part("We lost a customer who gave 12% of revenue.", LARGE).value > 0.0


def test_a_recent_amount_weighs_more_than_an_old_one() -> None:
    assert part("In 2024 we lost $5 million.").value > part("In 2009 we lost $5 million.").value


def test_a_maturity_in_the_future_makes_no_amount_old() -> None:
    assert part("We lost $5 million due in 2031.").value == part("We lost $5 million.").value


@pytest.mark.parametrize(
    ("heavier", "lighter"),
    [
        ("We lost $5 million.", "We could lose $5 million."),
        ("We owe notes of $5 million.", "We opened a shop for $5 million."),
    ],
)
def test_what_is_lost_or_owed_weighs_more_than_what_is_only_named(heavier: str, lighter: str) -> None:
    assert part(heavier).value > part(lighter).value


@pytest.mark.parametrize(
    "measure",
    [
        "The carrying value of goodwill was $130 billion, and it could become impaired.",
        "Hedges with a notional of $957.5 million could lose value.",
        "Our insurance coverage is $500 million, and losses could exceed it.",
    ],
)
def test_an_amount_that_only_measures_weighs_less_than_one_that_is_lost(measure: str) -> None:
    assert part(measure).value < part("A cyberattack has cost us $20 million.").value
