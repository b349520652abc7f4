"""How good predictions are: agreement, recall, calibration, separation."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.labelled import LabelledFactor
from streams.analysis.scoring.categories import CATEGORIES

CALIBRATION_BINS = 10
RELIABILITY_BINS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0)

FEWEST_FOR_RECALL = 9
"""A recall over fewer cases says nothing."""


def category_figures(cases: Sequence[LabelledFactor], logits: NDArray[np.float64]) -> dict[str, Any]:
    """Agreement with primary and acceptable labels, recall a category, calibration errors."""
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    confidence = (odds / odds.sum(axis=1, keepdims=True)).max(axis=1)
    chosen = [CATEGORIES[place] for place in logits.argmax(axis=1)]
    return agreement(cases, chosen, confidence)


def agreement(
    cases: Sequence[LabelledFactor],
    chosen: Sequence[str],
    confidence: NDArray[np.float64],
) -> dict[str, Any]:
    """The same for chosen categories with their confidence."""
    primary = np.array([choice == case.primary for choice, case in zip(chosen, cases, strict=True)])
    accepted = np.array([choice in case.acceptable for choice, case in zip(chosen, cases, strict=True)])
    recall = {}
    for category in CATEGORIES:
        inside = np.array([case.primary == category for case in cases])
        if inside.sum() >= FEWEST_FOR_RECALL:
            recall[category.value] = round(float(primary[inside].mean()), 3)
    return {
        "cases": len(cases),
        "primary": round(float(primary.mean()), 3),
        "acceptable": round(float(accepted.mean()), 3),
        "recall": recall,
        "right_by_confidence": _by_confidence(confidence, primary, accepted),
        "calibration_error_primary": round(calibration_error(confidence, primary), 3),
        "calibration_error_acceptable": round(calibration_error(confidence, accepted), 3),
    }


def _by_confidence(
    confidence: NDArray[np.float64], primary: NDArray[np.bool_], accepted: NDArray[np.bool_]
) -> dict[str, dict[str, float]]:
    """Per bin of confidence, its upper end inclusive: cases, and how many of them are primary and acceptable."""
    found = {}
    for low, high in pairwise(RELIABILITY_BINS):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            found[f"{low} to {high}"] = {
                "cases": int(inside.sum()),
                "primary": round(float(primary[inside].mean()), 3),
                "acceptable": round(float(accepted[inside].mean()), 3),
            }
    return found


def calibration_error(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Expected calibration error over ten equal bins of confidence."""
    error = 0.0
    for place in range(CALIBRATION_BINS):
        low, high = place / CALIBRATION_BINS, (place + 1) / CALIBRATION_BINS
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            error += float(inside.mean() * abs(confidence[inside].mean() - right[inside].mean()))
    return error


def area_under_roc(scores: Sequence[float], positive: Sequence[bool]) -> float | None:
    """Probability that a positive case scores above a negative one, ties counted half; None without both."""
    values, flags = np.asarray(scores, np.float64), np.asarray(positive, bool)
    above, below = values[flags], values[~flags]
    if not above.size or not below.size:
        return None
    wins = (above[:, None] > below).mean() + 0.5 * (above[:, None] == below).mean()
    return float(wins)
