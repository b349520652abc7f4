"""New facts of weight make a factor revised, however little of its text they are; harmless edits do not."""

import pytest

from schemas.risks import Novelty
from streams.analysis.scoring import FactorText, StoredText, full_text
from streams.analysis.scoring.novelty import History
from tests.unit.scoring.embedders import bag_of_words

HEADING = "Our debt limits what we can do."
BODY = " ".join(
    f"{sentence} The {place} of our mills stand beside rivers, each with its own weir and its own keeper of the gates."
    for place, sentence in (
        ("northern", "Our loan of 2019 has covenants that our lenders may enforce at any time they choose."),
        ("southern", "As of December 31, 2023, we owed $14.7 million on the loan, which is due in 2031."),
        ("eastern", "If we were to breach a covenant, the lenders could demand that we repay all of the loan."),
        ("western", "We had net losses of $3 million in 2023, because the price of flour was low in that year."),
        ("older", "Keepers are hard to find, and we may not be able to replace those who retire from their work."),
        ("newer", "Floods could close a mill for weeks, and our customers could then buy their flour elsewhere."),
        ("smaller", "We insure the mills against fire and flood, but not against the loss of the trade that follows."),
    )
)


def novelty(body: str) -> Novelty:
    def text(of: str) -> FactorText:
        return FactorText(HEADING, of)

    earlier = StoredText(2024, HEADING, BODY, bag_of_words(full_text(text(BODY))))
    return History([earlier]).novelty(text(body), bag_of_words(full_text(text(body))))


@pytest.mark.parametrize(
    "fact",
    [
        "In May we failed a covenant, the lenders declared a default, and $22.4 million became due.",
        "A storm destroyed two of the weirs in August.",
        "We expect to lose the harbour contract next spring.",
        "Our founder died in January.",
        "We now owe a further $40 million under a bond.",
        "Thieves broke into the office and stole the ledgers.",
    ],
)
def test_a_new_fact_of_weight_makes_a_long_factor_revised_and_is_quoted(fact: str) -> None:
    told = novelty(BODY + " " + fact)
    assert told.kind == "revised"
    assert told.value is not None
    assert told.value >= 0.3
    assert fact in told.explanation
    assert fact in told.new_sentences


@pytest.mark.parametrize(
    "body",
    [
        BODY.replace("2023", "2024").replace("14.7", "12.9").replace("$3 million", "$4 million"),
        BODY + " 17",
        BODY + " Our mills are painted white each spring by a painter from the town.",
        BODY + " Other harms could come from events that we do not foresee.",
        BODY + " We have not missed any payment on the loan.",
        BODY + " See Item 7 for what we plan to do about the weirs.",
        BODY.replace("hard to find", "scarce"),
    ],
)
def test_harmless_edits_of_a_long_factor_stay_carried(body: str) -> None:
    told = novelty(body)
    assert told.kind == "carried"
    assert told.value is not None
    assert told.value < 0.3
