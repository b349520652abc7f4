import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.risks import Novelty, NoveltyKind
from streams.analysis.scoring.materiality import materiality
from streams.analysis.scoring.prose import read
from streams.analysis.scoring.severity import SeverityWeights, severity

FIRST = Novelty(value=None, kind="first", explanation="No earlier filing of this company is known")


def novelty(value: float, kind: NoveltyKind = "revised") -> Novelty:
    return Novelty(value=value, kind=kind, explanation="Revised since 2024")


def test_an_attack_that_happened_and_cost_billions_is_above_one_that_could_come() -> None:
    happened = "In 2024 a cyberattack shut down our claims system, and has cost us $2.9bn."
    possible = "We could be subject to cyberattacks, which could harm our business. " * 10
    assert severity(happened, FIRST, filing_year=2025).value > severity(possible, FIRST, filing_year=2025).value


def test_the_value_is_the_weighted_sum_of_the_named_components() -> None:
    scored = severity("We lost $5 million, a material sum.", novelty(0.4), filing_year=2025)
    assert [component.name for component in scored.components] == [
        "language",
        "amounts",
        "materiality",
        "novelty",
    ]
    assert sum(component.weight for component in scored.components) == pytest.approx(1.0, abs=1e-5)
    total = sum(component.weight * component.value for component in scored.components)
    assert scored.value == pytest.approx(total, abs=1e-3)


def test_without_an_earlier_filing_the_other_components_share_the_weight_of_novelty() -> None:
    scored = severity("We lost $5 million.", FIRST, filing_year=2025)
    assert [component.name for component in scored.components] == ["language", "amounts", "materiality"]
    assert sum(component.weight for component in scored.components) == pytest.approx(1.0, abs=1e-5)


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_more_novelty_never_lowers_the_severity(one: float, other: float) -> None:
    lower, higher = sorted((one, other))
    text = "We could lose $5 million."
    assert (
        severity(text, novelty(higher), filing_year=2025).value
        >= severity(text, novelty(lower), filing_year=2025).value
    )


@given(st.integers(0, 12))
def test_one_more_word_of_materiality_never_lowers_that_component(count: int) -> None:
    text = "We make bolts of steel, and they could rust in the rain"
    fewer, more = f"{text}{' significantly' * count}.", f"{text}{' significantly' * (count + 1)}."
    assert materiality(read(more)).value > materiality(read(fewer)).value


def test_materiality_counts_density_and_not_length() -> None:
    dense = "The loss was material."
    assert materiality(read(dense)).value > materiality(read(dense + " We make bolts." * 20)).value


def test_a_phrase_that_many_companies_share_weighs_less_than_words_of_ones_own() -> None:
    shared = "This could have a material adverse effect on our business, financial condition and results of operations."
    own = "This could ruin a material part of our adverse stock of bolts, rivets, anchors, screws and washers."
    assert materiality(read(shared)).value < materiality(read(own)).value


def test_the_weights_are_settings_and_need_not_add_up_to_one() -> None:
    only_amounts = SeverityWeights(language=0.0, amounts=7.0, materiality=0.0, novelty=0.0)
    scored = severity("We could lose $100 billion.", FIRST, filing_year=2025, weights=only_amounts)
    assert {component.name: component.weight for component in scored.components} == {
        "language": 0.0,
        "amounts": 1.0,
        "materiality": 0.0,
    }
    assert scored.value == scored.components[1].value


@pytest.mark.parametrize(
    "weights",
    [
        {"language": -0.1},
        {"language": 0.0, "amounts": 0.0, "materiality": 0.0},
        {"language": float("nan")},
        {"novelty": float("inf")},
    ],
)
def test_weights_that_can_not_be_normalised_are_refused(weights: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="weights"):
        SeverityWeights(**weights)


def test_the_explanation_quotes_the_gravest_sentence_and_says_what_else_weighs() -> None:
    text = "In 2024 we lost $5 million, a material, significant sum."
    assert severity(text, novelty(0.4), filing_year=2025).explanation == (
        f"Harm that has happened: “{text}”; names $5 million; dense in words of materiality."
    )


def test_the_explanation_leaves_the_novelty_to_the_novelty_and_has_one_full_stop() -> None:
    told = severity("In 2024 we lost our plant.", novelty(0.4), filing_year=2025)
    assert told.explanation == "Harm that has happened: “In 2024 we lost our plant.”"
    assert told.components[-1].evidence == ("Revised since 2024",)


def test_a_text_without_harm_says_so() -> None:
    assert severity("We make bolts.", FIRST, filing_year=2025).explanation == "Names no harm."
