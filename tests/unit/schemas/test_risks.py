"""An assessment shortened: for a task's result, and to fit its topic."""

from schemas.risks import RiskAssessment
from tests.unit.examples import a_risk, an_assessment


def test_an_assessment_survives_the_way_through_json() -> None:
    assessment = an_assessment(a_risk(0), a_risk(1))
    assert RiskAssessment.model_validate_json(assessment.model_dump_json()) == assessment


def test_showing_keeps_the_first_risks_and_tells_how_many_there_are() -> None:
    whole = an_assessment(*(a_risk(n) for n in range(5)))
    shown = whole.showing(2)
    assert [risk.position for risk in shown.risks] == [0, 1]
    assert (shown.totals.risk_factors, shown.totals.shown) == (5, 2)


def test_showing_more_than_there_are_changes_nothing() -> None:
    whole = an_assessment(a_risk(0), a_risk(1))
    assert whole.showing(50) == whole


def test_a_cut_text_is_a_beginning_and_is_flagged() -> None:
    cut = an_assessment(a_risk(text="0123456789")).with_texts_cut(4)
    assert [(risk.text, risk.text_cut) for risk in cut.risks] == [("0123", True)]


def test_a_text_that_fits_is_neither_cut_nor_flagged() -> None:
    whole = an_assessment(a_risk(text="0123"))
    assert whole.with_texts_cut(4) == whole


def test_cutting_leaves_all_else_and_the_original_as_they_are() -> None:
    whole = an_assessment(a_risk(0, text="long text"), a_risk(1, text=""))
    cut = whole.with_texts_cut(0)
    restored = [risk.model_copy(update={"text": original.text, "text_cut": False})
                for risk, original in zip(cut.risks, whole.risks, strict=True)]  # fmt: skip
    assert whole.model_copy(update={"risks": tuple(restored)}) == whole
    assert [risk.text_cut for risk in cut.risks] == [True, False]


def test_cutting_again_and_shorter_keeps_the_flag() -> None:
    cut = an_assessment(a_risk(text="0123456789")).with_texts_cut(8).with_texts_cut(9)
    assert cut.risks[0].text_cut
