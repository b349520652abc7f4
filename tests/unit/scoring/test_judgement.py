"""What a sentence claims of harm, kind by kind, in invented words."""

import time

import pytest

from streams.analysis.scoring.judgement import judge

FEARED = judge("Fires could harm our mills.").grade


@pytest.mark.parametrize(
    "sentence",
    [
        "Our banks have withdrawn the credit line and we do not have the cash to pay our crews.",
        "A blaze gutted our only mill in spring, and the mill burned to the ground.",
        "We do not currently have sufficient funds to finish the tunnel.",
        "Our largest customer told us in May that it will not renew its order.",
        "The ministry revoked our only permit in June.",
        "Intruders copied the records of two million guests in April.",
        "Our treasurer pleaded guilty in March.",
        "Orders for bolts fell by 40% in autumn.",
        "Two of our divers died in the dock in July.",
        "The tribunal awarded $80 million to our former partner.",
        "We have stopped paying our suppliers.",
        "We missed the interest payment that was due in October.",
        "We recorded a charge of $30 million when we left Norway.",
        "There is no regular public trading market for our units.",
        "This raises substantial doubt about our ability to continue as a going concern.",
        "The committee concluded that the statements for 2023 should be restated.",
        "We have never operated profitably.",
        "Although nobody was hurt, a burst boiler stopped production at our only mill.",
    ],
)
def test_a_fact_of_weight_in_plain_words_is_harm_that_happened(sentence: str) -> None:
    judged = judge(sentence)
    assert judged.claim == "happened"
    assert judged.grade >= 0.4 > FEARED


@pytest.mark.parametrize(
    "sentence",
    [
        "In the event of her death, her votes pass to a trust.",
        "We perform an impairment test each spring.",
        "We have net operating loss carryforwards of $3 million.",
        "Our builders buy default insurance.",
        "Interest and penalties are recorded in tax expense.",
        "We carry out investigations and audits of the growers who sell to us.",
        "We moved our office to a larger house in the same town.",
        "Our bank may withdraw its branch from the town.",
        "We opened two shops in Lund in 2024.",
    ],
)
def test_what_only_sounds_like_harm_is_none(sentence: str) -> None:
    assert judge(sentence).grade == 0.0


@pytest.mark.parametrize(
    "sentence",
    [
        "No impairment loss was recognized for our quarries.",
        "The company has not, to date, experienced a material breach.",
        "We are unaware of any breach of our ledgers.",
        "There had been no recalls of our kettles.",
        "We have not failed any covenant.",
    ],
)
def test_a_denial_is_no_report_of_harm(sentence: str) -> None:
    judged = judge(sentence)
    assert judged.claim == "denied"
    assert judged.grade <= FEARED + 0.1


@pytest.mark.parametrize(
    "sentence",
    [
        "We cannot guarantee that our locks will prevent thefts.",
        "If an impairment has occurred, it writes the mill down.",
        "There can be no assurance that no loss will come about.",
        "Should a flood have destroyed the archive, we would suffer.",
    ],
)
def test_what_is_only_conceivable_has_not_happened(sentence: str) -> None:
    assert judge(sentence).claim in {"possible", "stated"}
    assert judge(sentence).grade < judge("A flood has destroyed our archive.").grade


def test_harm_of_others_weighs_less_than_ones_own() -> None:
    others = "Heavy losses were suffered by countries in the east."
    own = "Heavy losses were suffered by our yards in the east."
    assert judge(others).grade < judge(own).grade


@pytest.mark.parametrize("heading", ["Substantial leverage", "Our plant burned down", "We may default"])
def test_capitals_change_nothing(heading: str) -> None:
    assert judge(heading.upper()).grade == pytest.approx(judge(heading).grade, abs=0.05)
    assert judge(heading.upper()).grade > 0.0


@pytest.mark.parametrize("unit", ["no ", "have ", "have also ", "bank ", "although , ", "; ", "not, ", "if it has "])
def test_a_sentence_without_end_takes_time_in_proportion_to_its_length(unit: str) -> None:
    def seconds(count: int) -> float:
        text = unit * count + "lost"
        started = time.process_time()
        judge(text)
        return time.process_time() - started

    seconds(100)
    assert seconds(4_000) < 0.1 + 16 * max(seconds(500), 0.002)  # the square would be 64 times as much
