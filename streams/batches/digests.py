"""What assessments say in few words, of one filing and of many. Pure."""

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from schemas.batches import HIGHLIGHTS, RiskDigest, RiskHighlight, cut_heading
from schemas.risks import Category, RiskAssessment


def digest_of(assessment: RiskAssessment, task_id: str) -> RiskDigest:
    """The digest of a whole assessment, not of one that was cut to its most severe risks."""
    highlights = [
        RiskHighlight(
            task_id=task_id,
            ticker=assessment.ticker,
            filing_year=assessment.filing_year,
            risk_id=risk.id,
            heading=cut_heading(risk.heading),
            category=risk.category,
            severity=risk.severity.value,
            novelty=risk.novelty.value,
        )
        for risk in assessment.risks
    ]
    return _digest(assessment.totals.by_category, highlights)


def merged(digests: Sequence[RiskDigest]) -> RiskDigest:
    """The digest of all: whatever is among the first of all is among the first of its own."""
    counts: Counter[Category] = Counter()
    for digest in digests:
        counts.update(digest.by_category)
    highlights = [highlight for digest in digests for highlight in (*digest.most_severe, *digest.most_novel)]
    return _digest(counts, dict.fromkeys(highlights))


def _digest(by_category: Mapping[Category, int], highlights: Iterable[RiskHighlight]) -> RiskDigest:
    all_of_them = [*highlights]
    novel = [each for each in all_of_them if each.novelty is not None]
    return RiskDigest.model_validate(
        {
            "by_category": dict(sorted(by_category.items())),
            "most_severe": heapq.nsmallest(HIGHLIGHTS, all_of_them, key=_by_severity),
            "most_novel": heapq.nsmallest(HIGHLIGHTS, novel, key=_by_novelty),
        }
    )


def _by_severity(highlight: RiskHighlight) -> tuple[float, float, str, str]:
    # To the last detail, so that the digest does not depend on the order in which members end.
    return -highlight.severity, -(highlight.novelty or 0.0), highlight.task_id, highlight.risk_id


def _by_novelty(highlight: RiskHighlight) -> tuple[float, float, str, str]:
    return -(highlight.novelty or 0.0), -highlight.severity, highlight.task_id, highlight.risk_id
