import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import run

import pytest

from schemas.risks import ItemStatus, RiskAssessment
from streams.analysis.identity import factor_ids
from streams.analysis.scoring import FactorText, Scorer, SeverityWeights, StoredText, full_text
from streams.analysis.scoring.company import CompanySize
from streams.analysis.scoring.lexicon import terms
from tests.unit.scoring.embedders import BagOfWordsEmbedder, bag_of_words

MILD = FactorText("Bolts may rust.", "Rain could harm our bolts.", "Operations", 0, 42)
GRAVE = FactorText(
    "We may not survive.",
    "In 2024 we lost $900 million, and we may cease operations.",
    "Finance",
    43,
    120,
    "part-1a",
)
NEUTRAL = FactorText("An officer is elected.", "She serves in the county.", "", 121, 170)
FACTORS = (MILD, GRAVE, NEUTRAL)


@dataclass(frozen=True)
class Item:
    status: ItemStatus = "found"
    form: str = "10-K"
    title: str = "Item 1A. Risk Factors"
    text: str = " ".join(full_text(factor) for factor in FACTORS)


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer(BagOfWordsEmbedder())


def assess(
    scorer: Scorer,
    factors: Sequence[FactorText] = FACTORS,
    history: Sequence[StoredText] = (),
    item: Item | None = None,
) -> RiskAssessment:
    return scorer.assess(
        ticker="ACME",
        filing_year=2025,
        item=item or Item(),
        factors=factors,
        vectors=[bag_of_words(full_text(factor)) for factor in factors],
        history=history,
    )


def stored(year: int, factor: FactorText) -> StoredText:
    return StoredText(year, factor.heading, factor.text, bag_of_words(full_text(factor)))


def test_the_most_severe_risk_comes_first(scorer: Scorer) -> None:
    assert [risk.heading for risk in assess(scorer).risks] == [GRAVE.heading, MILD.heading, NEUTRAL.heading]


def test_equally_severe_risks_are_ordered_by_novelty_then_by_place() -> None:
    scorer = Scorer(BagOfWordsEmbedder(), SeverityWeights(language=0.0, amounts=1.0, materiality=0.0, novelty=0.0))
    ranked = assess(scorer, (NEUTRAL, MILD, NEUTRAL), [stored(2024, NEUTRAL)]).risks
    assert [(risk.severity.value, risk.position) for risk in ranked] == [(0.0, 1), (0.0, 0), (0.0, 2)]


def test_a_risk_keeps_where_it_stands_in_the_filing(scorer: Scorer) -> None:
    risk = assess(scorer).risks[0]
    assert (risk.position, risk.start, risk.end, risk.section) == (1, 43, 120, "Finance")
    assert risk.source_citation == "Item 1A, characters 43 to 120, after #part-1a"


def test_without_an_anchor_the_citation_is_the_offsets(scorer: Scorer) -> None:
    assert assess(scorer, [MILD]).risks[0].source_citation == "Item 1A, characters 0 to 42"


def test_the_ids_derive_from_the_filing_and_the_text(scorer: Scorer) -> None:
    by_position = sorted(assess(scorer, (MILD, MILD)).risks, key=lambda risk: risk.position)
    assert [risk.id for risk in by_position] == factor_ids(
        "ACME", 2025, "10-K", [(MILD.heading, MILD.text), (MILD.heading, MILD.text)]
    )


def test_only_earlier_years_are_history(scorer: Scorer) -> None:
    assessed = assess(scorer, history=[stored(2025, MILD), stored(2026, MILD), stored(2023, GRAVE)])
    assert assessed.compared_with == (2023,)
    assert {risk.novelty.kind for risk in assessed.risks if risk.heading != GRAVE.heading} == {"new"}


def test_without_history_every_risk_is_first(scorer: Scorer) -> None:
    assessed = assess(scorer)
    assert assessed.compared_with == ()
    assert [risk.novelty.value for risk in assessed.risks] == [None, None, None]


def test_the_totals_count_all_risks_by_category_and_novelty(scorer: Scorer) -> None:
    totals = assess(scorer, history=[stored(2024, MILD)]).totals
    assert (totals.risk_factors, totals.shown) == (3, 3)
    assert totals.by_novelty == {"carried": 1, "new": 2}
    assert sum(totals.by_category.values()) == 3


@pytest.mark.parametrize("status", ["found", "not_required", "incorporated_by_reference", "not_found"])
def test_a_filing_without_risk_factors_gives_an_empty_list_and_its_status(scorer: Scorer, status: ItemStatus) -> None:
    assessed = assess(scorer, (), item=Item(status=status, text="Not applicable."))
    assert (assessed.status, assessed.risks, assessed.totals.risk_factors) == (status, (), 0)


def test_the_model_block_names_what_a_score_rests_on(scorer: Scorer) -> None:
    model = assess(scorer).model
    assert model.embedding_model == "bag-of-words (test)"
    assert model.classification_method == "keyword+cosine"
    assert model.severity_weights == {"language": 0.5, "amounts": 0.2, "materiality": 0.1, "novelty": 0.2}
    assert re.fullmatch(r"\d+\.\d+\.\d+\+[0-9a-f]{8}", model.analysis_version)


def test_the_word_lists_are_compiled_before_the_first_filing() -> None:
    terms.cache_clear()
    scorer = Scorer(BagOfWordsEmbedder())
    ahead = terms.cache_info().misses
    assess(scorer, history=[stored(2024, MILD)])
    assert terms.cache_info().misses == ahead > 0


def test_the_same_filing_gives_the_same_bytes_whatever_was_scored_before() -> None:
    history = [stored(2024, MILD), stored(2023, GRAVE)]
    fresh = assess(Scorer(BagOfWordsEmbedder()), history=history).model_dump_json()
    used = Scorer(BagOfWordsEmbedder())
    assess(used, (NEUTRAL, GRAVE))
    assert assess(used, history=list(reversed(history))).model_dump_json() == fresh


def test_another_process_with_another_hash_seed_gives_the_same_bytes() -> None:
    program = (
        "from tests.unit.scoring.test_scorer import *\n"
        "print(assess(Scorer(BagOfWordsEmbedder()), history=[stored(2024, MILD), stored(2023, GRAVE)]).model_dump_json())"
    )
    outputs = {
        run(
            [sys.executable, "-c", program],
            cwd=Path(__file__).parents[3],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(outputs) == 1


def test_the_companys_size_is_what_amounts_are_compared_with(scorer: Scorer) -> None:
    def amounts(size: CompanySize | None) -> float:
        assessed = scorer.assess(
            ticker="ACME",
            filing_year=2025,
            item=Item(),
            factors=[GRAVE],
            vectors=[bag_of_words(full_text(GRAVE))],
            history=[],
            size=size,
        )
        return next(part.value for part in assessed.risks[0].severity.components if part.name == "amounts")

    assert amounts(CompanySize(1e9, "revenue")) > amounts(None) > amounts(CompanySize(1e12, "revenue"))


def test_a_heading_that_the_body_begins_with_is_not_read_twice() -> None:
    assert full_text(FactorText("Bolts rust.", "Bolts  rust. Rain comes.")) == "Bolts rust. Rain comes."
    assert full_text(FactorText("Bolts rust.", "Rain comes.")) == "Bolts rust. Rain comes."


def test_vectors_must_be_as_many_as_factors(scorer: Scorer) -> None:
    with pytest.raises(ValueError, match="zip"):
        scorer.assess(ticker="ACME", filing_year=2025, item=Item(), factors=FACTORS, vectors=[], history=[])
