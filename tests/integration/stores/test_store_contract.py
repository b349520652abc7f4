"""What every vector store of risk factors does, as seen by one process."""

from typing import Any

import numpy as np
import pytest

from streams.stores.protocol import RiskFactorStore, StoredFactor, StoreUnavailable
from tests.integration.stores.store_factory import StoreFactory
from tests.integration.stores.stored_filings import chunks, content, filing, texts, unit, vector_of


def stored(store: RiskFactorStore, *texts: str, **filed: Any) -> list[StoredFactor]:
    factors = filing(*texts, **filed)
    store.replace_filing(factors[0].ticker, factors[0].filing_year, factors[0].form, factors)
    return factors


def test_an_empty_store_has_no_history(store: RiskFactorStore) -> None:
    assert list(store.history("ACME", 2025)) == []


def test_a_stored_filing_is_read_back_in_every_field(store: RiskFactorStore) -> None:
    factors = stored(store, 'Fires; "quotes", O\'Neil, 100%_\\n', "Schäden 損害 🜂", "")
    assert content(store.history("ACME", 2025)) == content(factors)


def test_a_factor_keeps_each_chunk_vector_to_the_bit(store: RiskFactorStore) -> None:
    vectors = [chunks(vector_of("a"), vector_of("b"), vector_of("c")), chunks(vector_of("d"))]
    stored(store, "long", "short", vectors=vectors)
    read = [factor.vectors for factor in store.history("ACME", 2025)]
    assert [array.dtype for array in read] == [np.float32, np.float32]
    assert [array.tobytes() for array in read] == [array.tobytes() for array in vectors]
    assert [array.shape for array in read] == [(3, 8), (1, 8)]


def test_a_factor_that_was_not_scored_is_read_back_without_scores(store: RiskFactorStore) -> None:
    unscored = StoredFactor(
        id="b4e3ff6c-5e0c-8c1c-9d56-1d0b8a2f7c11",
        ticker="ACME",
        filing_year=2024,
        form="10-K",
        position=0,
        section="",
        heading="Fires.",
        text="Fires burn.",
        vectors=chunks(vector_of("fires")),
    )
    store.replace_filing("ACME", 2024, "10-K", [unscored])
    (read,) = store.history("ACME", 2025)
    assert (read.category, read.severity, read.novelty) == (None, None, None)


def test_a_filing_stored_twice_reads_as_once(store: RiskFactorStore) -> None:
    factors = stored(store, "fires", "floods")
    stored(store, "fires", "floods")
    assert content(store.history("ACME", 2025)) == content(factors)


def test_a_text_that_a_filing_repeats_is_read_as_often(store: RiskFactorStore) -> None:
    stored(store, "fires", "floods", "fires")
    assert texts(store.history("ACME", 2025)) == ["fires", "floods", "fires"]


def test_a_filing_stored_with_other_texts_replaces_the_earlier_ones(store: RiskFactorStore) -> None:
    stored(store, "fires", "floods", "strikes")
    stored(store, "floods", "tariffs")
    assert texts(store.history("ACME", 2025)) == ["floods", "tariffs"]


def test_a_filing_stored_again_with_other_scores_has_the_later_ones(store: RiskFactorStore) -> None:
    stored(store, "fires", vectors=[chunks(vector_of("earlier"))])
    factors = stored(store, "fires", vectors=[chunks(vector_of("later"))])
    assert content(store.history("ACME", 2025)) == content(factors)


def test_a_filing_stored_without_factors_is_forgotten(store: RiskFactorStore) -> None:
    stored(store, "fires")
    store.replace_filing("ACME", 2024, "10-K", [])
    store.replace_filing("ACME", 2023, "10-K", [])
    assert list(store.history("ACME", 2025)) == []
    stored(store, "floods")
    assert texts(store.history("ACME", 2025)) == ["floods"]


@pytest.mark.parametrize("other", [{"ticker": "ACM"}, {"ticker": "ACME.B"}, {"year": 2023}, {"form": "10-KT"}])
def test_replacing_one_filing_leaves_the_others_alone(store: RiskFactorStore, other: dict[str, Any]) -> None:
    (kept,) = stored(store, "kept", **other)
    stored(store, "fires")
    stored(store, "floods")
    store.replace_filing("ACME", 2024, "10-K", [])
    assert texts(store.history(kept.ticker, 2025)) == ["kept"]


def test_history_is_of_strictly_earlier_years(store: RiskFactorStore) -> None:
    for year in (2022, 2023, 2024):
        stored(store, f"of {year}", year=year)
    assert texts(store.history("ACME", 2024)) == ["of 2022", "of 2023"]


def test_history_is_of_one_company(store: RiskFactorStore) -> None:
    stored(store, "ours")
    stored(store, "theirs", ticker="ACME.B")
    stored(store, "another's", ticker="ACM")
    assert texts(store.history("ACME", 2025)) == ["ours"]


def test_history_is_ordered_by_year_then_position(store: RiskFactorStore) -> None:
    stored(store, "d", "e", year=2024)
    stored(store, "a", "b", "c", year=2022)
    assert texts(store.history("ACME", 2025)) == ["a", "b", "c", "d", "e"]


def test_history_is_whole_however_many_factors_it_has(store: RiskFactorStore) -> None:
    for year in range(2000, 2015):
        stored(store, *(f"{year}-{number}" for number in range(80)), year=year)
    assert len(set(texts(store.history("ACME", 2015)))) == 15 * 80


def test_an_amendment_with_risk_factors_replaces_the_filing_it_amends(store: RiskFactorStore) -> None:
    stored(store, "fires", "floods")
    stored(store, "fires, amended", form="10-K/A")
    assert texts(store.history("ACME", 2025)) == ["fires, amended"]


def test_an_amendment_of_one_year_says_nothing_about_another(store: RiskFactorStore) -> None:
    stored(store, "fires", year=2023)
    stored(store, "floods, amended", year=2024, form="10-K/A")
    assert texts(store.history("ACME", 2025)) == ["fires", "floods, amended"]


def test_an_amendment_without_risk_factors_leaves_the_filing_in_force(store: RiskFactorStore) -> None:
    stored(store, "fires")
    store.replace_filing("ACME", 2024, "10-K/A", [])
    assert texts(store.history("ACME", 2025)) == ["fires"]


def test_two_forms_of_one_year_are_both_history(store: RiskFactorStore) -> None:
    stored(store, "of the transition period", form="10-KT")
    stored(store, "of the year", form="10-K")
    assert texts(store.history("ACME", 2025)) == ["of the year", "of the transition period"]


def test_what_was_stored_is_there_when_the_store_is_opened_again(stores: StoreFactory) -> None:
    first = stores.open()
    stored(first, "fires")
    first.close()
    assert texts(stores.open().history("ACME", 2025)) == ["fires"]


def test_an_open_store_reads_at_once_what_another_one_stored(stores: StoreFactory) -> None:
    reader, writer = stores.open(), stores.open()
    for number in range(3):
        stored(writer, f"version {number}")
        assert texts(reader.history("ACME", 2025)) == [f"version {number}"]


def test_reads_stay_right_over_many_writes(store: RiskFactorStore) -> None:
    for number in range(30):
        stored(store, f"fires {number}", "floods", ticker=f"T{number % 3}", year=2000 + number // 6)
        latest = store.history(f"T{number % 3}", 2030)
        assert latest[-2].text == f"fires {number}"
        assert len(latest) == 2 * (1 + number // 6)


def test_the_nearest_come_closest_first_with_their_cosine(store: RiskFactorStore) -> None:
    vectors = [chunks(unit([0, 1])), chunks(unit([1])), chunks(unit([4, 3])), chunks(unit([-1]))]
    stored(store, "across", "same", "near", "opposite", vectors=vectors)
    found = store.nearest(unit([1]), limit=4)
    assert [neighbour.factor.text for neighbour in found] == ["same", "near", "across", "opposite"]
    assert [neighbour.similarity for neighbour in found] == pytest.approx([1.0, 0.8, 0.0, -1.0], abs=1e-6)


def test_a_neighbour_is_a_whole_stored_factor(store: RiskFactorStore) -> None:
    factors = stored(store, "fires")
    (neighbour,) = store.nearest(vector_of("fires"), limit=3)
    assert content([neighbour.factor]) == content(factors)


def test_a_factor_is_as_near_as_its_nearest_chunk_and_found_once(store: RiskFactorStore) -> None:
    vectors = [chunks(unit([0, 1]), unit([1]), unit([1])), chunks(unit([4, 3]))]
    stored(store, "long", "short", vectors=vectors)
    found = store.nearest(unit([1]), limit=5)
    assert [neighbour.factor.text for neighbour in found] == ["long", "short"]


def test_no_more_neighbours_than_asked_for(store: RiskFactorStore) -> None:
    stored(store, *(f"risk {number}" for number in range(60)))
    found = store.nearest(vector_of("risk 7"), limit=2)
    assert len(found) == 2
    assert found[0].factor.text == "risk 7"


def test_the_nearest_of_one_company_however_many_others_are_nearer(store: RiskFactorStore) -> None:
    for number in range(6):
        stored(store, *(f"{i}" for i in range(20)), ticker=f"T{number}", vectors=[chunks(unit([1]))] * 20)
    stored(store, "ours", vectors=[chunks(unit([0, 1]))])
    found = store.nearest(unit([1]), limit=1, ticker="ACME")
    assert [neighbour.factor.text for neighbour in found] == ["ours"]


def test_a_replaced_factor_is_no_neighbour(store: RiskFactorStore) -> None:
    stored(store, "fires")
    stored(store, "floods")
    assert [neighbour.factor.text for neighbour in store.nearest(vector_of("fires"), limit=9)] == ["floods"]


def test_an_empty_store_has_no_neighbours(store: RiskFactorStore) -> None:
    assert list(store.nearest(unit([1]), limit=5)) == []


@pytest.mark.parametrize("shape", [(0, 8), (1, 7), (8,)])
def test_vectors_of_another_shape_are_refused_and_nothing_is_replaced(
    store: RiskFactorStore, shape: tuple[int, ...]
) -> None:
    stored(store, "fires")
    with pytest.raises(ValueError, match="shape"):
        stored(store, "floods", vectors=[np.ones(shape, np.float32)])
    assert texts(store.history("ACME", 2025)) == ["fires"]


def test_a_search_with_a_vector_of_another_shape_is_refused(store: RiskFactorStore) -> None:
    with pytest.raises(ValueError, match="shape"):
        store.nearest(np.ones(7, np.float32), limit=1)


def test_factors_of_another_filing_are_refused(store: RiskFactorStore) -> None:
    with pytest.raises(ValueError, match="of the filing ACME 2023 10-K"):
        store.replace_filing("ACME", 2023, "10-K", filing("fires"))


def test_two_factors_with_one_id_are_refused(store: RiskFactorStore) -> None:
    with pytest.raises(ValueError, match="same id"):
        store.replace_filing("ACME", 2024, "10-K", filing("fires") * 2)


def test_a_store_that_is_away_is_a_transient_fault_within_seconds(stores: StoreFactory) -> None:
    with pytest.raises(StoreUnavailable) as raised:
        stores.open_unreachable().history("ACME", 2025)
    assert raised.value.type == "unavailable"
