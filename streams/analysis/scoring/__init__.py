"""Scoring of risk factors: category, severity and novelty, each with the evidence it rests on.

Read `scorer` first; it puts the parts together.
"""

from streams.analysis.scoring.company import CompanySize, company_size
from streams.analysis.scoring.factors import (
    EarlierFactor,
    Factor,
    FactorText,
    Item,
    StoredText,
    full_text,
)
from streams.analysis.scoring.scorer import Scorer
from streams.analysis.scoring.severity import SeverityWeights

__all__ = [
    "CompanySize",
    "EarlierFactor",
    "Factor",
    "FactorText",
    "Item",
    "Scorer",
    "SeverityWeights",
    "StoredText",
    "company_size",
    "full_text",
]
