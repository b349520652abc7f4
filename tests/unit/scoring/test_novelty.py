import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.risks import Novelty
from streams.analysis.scoring import FactorText, StoredText, full_text
from streams.analysis.scoring.novelty import NEW_FROM, REWRITTEN_BELOW, History
from tests.unit.scoring.embedders import bag_of_words

HEADING = "Our only bridge may close."
BODY = (
    "All of our goods cross one bridge over the river Lune. The bridge is ninety years old and belongs to the "
    "county. It was closed for three weeks in the spring because of floods. We have no other way to reach our "
    "customers in the north. A longer closing would stop a large part of our deliveries."
)
FLOODS = "A flood took the eastern pier away in May and the county has no money to build it again."
UNRELATED = (
    "Bakers want higher wages. Our ovens are run by forty bakers of one union. Their contract ends in June, and "
    "talks about a new one have begun without a result."
)


def factor(body: str = BODY, heading: str = HEADING) -> FactorText:
    return FactorText(heading, body)


def stored(year: int, body: str = BODY, heading: str = HEADING) -> StoredText:
    return StoredText(year, heading, body, bag_of_words(full_text(factor(body, heading))))


def novelty(of: FactorText, *history: StoredText) -> Novelty:
    return History(history).novelty(of, bag_of_words(full_text(of)))


def test_without_an_earlier_filing_nothing_is_said() -> None:
    first = novelty(factor())
    assert (first.kind, first.value, first.nearest) == ("first", None, None)
    assert not first.new_sentences
    assert not first.compared_with


def test_the_same_text_is_carried_with_value_zero() -> None:
    same = novelty(factor(), stored(2024), stored(2024, UNRELATED, "Bakers may strike."))
    assert (same.kind, same.value, same.new_sentences) == ("carried", 0.0, ())


def test_one_changed_number_is_still_carried() -> None:
    assert novelty(factor(BODY.replace("ninety", "ninety-one")), stored(2024)).kind == "carried"


def test_added_facts_make_it_revised_and_are_named() -> None:
    revised = novelty(factor(f"{BODY} {FLOODS}"), stored(2024))
    assert revised.kind == "revised"
    assert revised.new_sentences == (FLOODS,)


@pytest.mark.parametrize(
    ("body", "explanation"),
    [
        (BODY, "Carried over from 2024; none of 6 sentences is new"),
        (f"{BODY} {FLOODS}", f"Revised since 2024; 1 of 7 sentences is new: “{FLOODS}”"),
        (f"{BODY} {FLOODS} {UNRELATED}", f"Revised since 2024; 4 of 10 sentences are new: “{FLOODS}”"),
    ],
)
def test_the_explanation_counts_the_new_sentences_and_quotes_a_fact_of_weight(body: str, explanation: str) -> None:
    assert novelty(factor(body), stored(2024)).explanation == explanation


def test_a_revised_risk_without_a_new_sentence_is_said_to_be_reworded() -> None:
    body = BODY
    for old, new in (
        ("bridge", "crossing"),
        ("closed", "shut"),
        ("reach", "get to"),
        ("large", "big"),
        ("goods", "wares"),
    ):
        body = body.replace(old, new)
    reworded = novelty(factor(body), stored(2024))
    assert reworded.explanation == "Revised since 2024; reworded, no sentence is wholly new"


def test_a_risk_that_no_earlier_filing_has_is_new() -> None:
    new = novelty(factor(UNRELATED, "Bakers may strike."), stored(2024))
    assert new.kind == "new"
    assert new.value is not None
    assert new.value > 0.9
    assert len(new.new_sentences) == 4


def test_a_factor_whose_counterpart_is_taken_away_comes_out_as_new() -> None:
    others = [stored(2024, UNRELATED, "Bakers may strike."), stored(2024, FLOODS, "Floods do harm.")]
    assert novelty(factor(), stored(2024), *others).kind == "carried"
    assert novelty(factor(), *others).kind == "new"


def test_reordering_and_deleting_sentences_is_no_novelty() -> None:
    sentences = BODY.split(". ")
    shuffled = ". ".join(reversed([part.rstrip(".") for part in sentences])) + "."
    assert novelty(factor(shuffled), stored(2024)).new_sentences == ()
    assert novelty(factor(shuffled), stored(2024)).kind == "carried"
    assert novelty(factor(BODY.rsplit(". ", 1)[0] + "."), stored(2024)).kind == "carried"


def test_the_nearest_factor_is_named_with_year_heading_and_similarity() -> None:
    nearest = novelty(factor(), stored(2024, UNRELATED, "Bakers may strike."), stored(2024)).nearest
    assert nearest is not None
    assert (nearest.filing_year, nearest.heading) == (2024, HEADING)
    assert nearest.similarity == pytest.approx(1.0, abs=1e-4)


def test_a_factor_that_was_rewritten_is_recognised_by_its_meaning() -> None:
    rewritten = factor(
        "All of what we sell goes over one old bridge, which the county may shut. Last spring high water shut it for "
        "weeks, and our customers in the north got nothing. We know no other way.",
        "The bridge to our customers may be shut.",
    )
    bridge = stored(2024)
    close = History([bridge]).novelty(rewritten, bridge.vectors)
    far = History([bridge]).novelty(rewritten, np.roll(bridge.vectors, 1, axis=1))
    assert close.value == far.value
    assert close.value is not None
    assert NEW_FROM < close.value < REWRITTEN_BELOW
    assert (close.kind, far.kind) == ("revised", "new")


def test_where_no_words_are_close_the_nearest_is_the_closest_in_meaning() -> None:
    strike, flood = stored(2024, UNRELATED, "Bakers may strike."), stored(2024, FLOODS, "Floods do harm.")
    new = factor("Rivets rust while bakers want higher wages.", "Rust eats rivets.")
    for nearest in (strike, flood):
        found = History([strike, flood]).novelty(new, nearest.vectors).nearest
        assert found is not None
        assert found.heading == nearest.heading


def test_the_years_compared_are_named_latest_first() -> None:
    assert novelty(factor(), stored(2021), stored(2024), stored(2023)).compared_with == (2024, 2023, 2021)


def test_the_latest_year_decides_what_is_carried() -> None:
    changed = f"{BODY} {FLOODS}"
    assert novelty(factor(changed), stored(2024), stored(2023, changed)).kind == "revised"
    assert novelty(factor(), stored(2024), stored(2023, changed)).kind == "carried"


def test_a_risk_that_left_and_came_back_is_revised_and_never_carried() -> None:
    back = novelty(factor(), stored(2024, UNRELATED, "Bakers may strike."), stored(2022))
    assert back.kind == "revised"
    assert back.nearest is not None
    assert back.nearest.filing_year == 2022
    assert back.explanation.startswith("Left the filing after 2022 and came back")


def test_the_longer_ago_it_was_said_the_newer_it_is() -> None:
    gap = stored(2024, UNRELATED, "Bakers may strike.")
    values = [novelty(factor(), gap, stored(year)).value or 0.0 for year in (2023, 2022, 2020)]
    assert values == sorted(values)
    assert 0.0 < values[0] < values[-1] < 1.0


def test_the_order_of_the_history_does_not_matter() -> None:
    history = [stored(2023), stored(2024, FLOODS), stored(2024, UNRELATED, "Bakers may strike.")]
    assert novelty(factor(), *history) == novelty(factor(), *reversed(history))


@given(st.integers(0, 12), st.integers(0, 12))
def test_more_new_words_never_lower_the_value(one: int, other: int) -> None:
    fewer, more = sorted((one, other))

    def value(count: int) -> float:
        added = " ".join(f"novelty{place}" for place in range(count))
        return novelty(factor(f"{BODY} {added}"), stored(2024)).value or 0.0

    assert value(more) >= value(fewer)
