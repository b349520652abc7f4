"""What is told of the risk factors of one filing and of many."""

import random

from schemas.batches import HIGHLIGHTS, RiskDigest
from schemas.risks import Category, Novelty, RiskAssessment, RiskFactor, RiskTotals, Severity
from streams.batches.digests import digest_of, merged
from tests.unit.examples import a_risk, an_assessment


def _risk(position: int, severity: float, novelty: float | None, **changes: object) -> RiskFactor:
    kind = "first" if novelty is None else "new"
    return a_risk(
        position,
        severity=Severity(value=severity, explanation="", components=()),
        novelty=Novelty(value=novelty, kind=kind, explanation=""),
        **changes,
    )


def _assessment(*risks: RiskFactor, **changes: object) -> RiskAssessment:
    counts: dict[Category, int] = {}
    for risk in risks:
        counts[risk.category] = counts.get(risk.category, 0) + 1
    return an_assessment(
        *risks, totals=RiskTotals(risk_factors=len(risks), shown=len(risks), by_category=counts), **changes
    )


def _any_filing(seed: int) -> RiskDigest:
    chance = random.Random(seed)
    risks = [
        _risk(n, chance.choice([0.1, 0.5, 0.9]), chance.choice([None, 0.2, 0.8]), category=chance.choice([*Category]))
        for n in range(chance.randrange(12))
    ]
    return digest_of(_assessment(*risks, ticker=f"T{seed}"), f"task-{seed}")


def test_all_factors_are_counted_and_the_first_few_by_severity_and_by_novelty_are_shown() -> None:
    risks = [_risk(n, severity=n / 10, novelty=1 - n / 10) for n in range(8)]
    digest = digest_of(_assessment(*risks, a_risk(8, category=Category.REGULATORY)), "task")
    assert digest.by_category == {Category.OPERATIONAL: 8, Category.REGULATORY: 1}
    assert [each.risk_id for each in digest.most_severe] == ["risk-7", "risk-6", "risk-5", "risk-8", "risk-4"]
    assert [each.risk_id for each in digest.most_novel] == ["risk-0", "risk-1", "risk-2", "risk-3", "risk-4"]
    assert len(digest.most_severe) == HIGHLIGHTS


def test_a_factor_that_could_not_be_compared_is_not_among_the_most_novel() -> None:
    digest = digest_of(_assessment(_risk(0, 0.9, None), _risk(1, 0.1, 0.0)), "task")
    assert [each.risk_id for each in digest.most_novel] == ["risk-1"]


def test_a_highlight_says_where_it_stands() -> None:
    [shown] = digest_of(_assessment(_risk(3, 0.4, 0.6), ticker="BRK.B", filing_year=2023), "task-1").most_severe
    assert (shown.task_id, shown.ticker, shown.filing_year, shown.risk_id) == ("task-1", "BRK.B", 2023, "risk-3")
    assert (shown.severity, shown.novelty, shown.category) == (0.4, 0.6, Category.OPERATIONAL)


def test_a_long_heading_is_cut() -> None:
    [shown] = digest_of(_assessment(a_risk(heading="x" * 5000)), "task").most_severe
    assert len(shown.heading) == 300


def test_digests_of_parts_make_the_digest_of_all_in_whatever_order_and_grouping() -> None:
    digests = [_any_filing(seed) for seed in range(30)]
    whole = merged(digests)
    for seed in range(5):
        mixed = random.Random(seed).sample(digests, len(digests))
        assert merged([merged(mixed[:7]), merged(mixed[7:20]), merged(mixed[20:])]) == whole
    assert sum(whole.by_category.values()) == sum(sum(each.by_category.values()) for each in digests)
    assert max(each.severity for digest in digests for each in digest.most_severe) == whole.most_severe[0].severity


def test_nothing_says_nothing() -> None:
    assert merged([]) == RiskDigest()
