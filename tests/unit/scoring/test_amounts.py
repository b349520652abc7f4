import pytest

from streams.analysis.scoring.amounts import amounts, years


@pytest.mark.parametrize(
    ("sentence", "dollars"),
    [
        ("It cost $4.9 billion.", 4.9e9),
        ("It cost $2.9bn.", 2.9e9),
        ("It cost US$ 12 million.", 12e6),
        ("It cost $126,000,000 so far.", 126e6),
        ("It cost $1,343 million.", 1.343e9),
        ("It cost EUR 30 million.", 33e6),
        ("It cost €30 million.", 33e6),
        ("It cost 30 million euros.", 33e6),
        ("It cost £2 million.", 2.5e6),
        ("It cost ¥100 billion.", 0.7e9),
        ("It cost 15 million dollars.", 15e6),
        ("It cost 15 million U.S. dollars.", 15e6),
        ("It cost $750.", 750.0),
        ("A $50-million charge.", 50e6),
    ],
)
def test_money_is_read_with_its_currency_and_scale(sentence: str, dollars: float) -> None:
    [amount] = amounts(sentence)
    assert amount.dollars == pytest.approx(dollars)


@pytest.mark.parametrize(
    ("sentence", "share"),
    [
        ("One customer gave 12% of revenue.", 0.12),
        ("One customer gave 44 percent of our consolidated net revenue.", 0.44),
        ("We earn 61 per cent of the company's net sales abroad.", 0.61),
        ("A fine of up to 4% of worldwide annual revenue.", 0.04),
    ],
)
def test_a_share_of_revenue_is_read(sentence: str, share: float) -> None:
    [amount] = amounts(sentence)
    assert amount.share_of_revenue == pytest.approx(share)


@pytest.mark.parametrize(
    "sentence",
    [
        "It cost $1,2,3.",
        "It cost $9e99.",
        "It cost $999999999999999999 trillion.",
        "It cost $0.",
        "Some 15,200,000,000 gallons a year.",
        "We gave 120% of revenue.",
        "We gave 5% of our shares.",
        "$",
        "In 2024 we had 12 plants.",
    ],
)
def test_what_is_no_sane_amount_is_left_out(sentence: str) -> None:
    assert list(amounts(sentence)) == []


def test_the_quotation_is_what_the_sentence_says() -> None:
    [amount] = amounts("We lost $4.9 billion in a day.")
    assert amount.quote == "$4.9 billion"


def test_years_are_no_prices_and_no_counts() -> None:
    assert years("In 2024 and 1998 we sold 2,019 cars for $2020 each, 1995% more.") == [2024, 1998]
