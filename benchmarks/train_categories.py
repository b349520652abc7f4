"""Train the category classifier from the labelled filings and write its data file.

    SIGMAK_FILINGS_DIR=... python -m benchmarks.train_categories [--write]

Prints, as JSON, the figures with each company left out in turn; `--write` then trains on all of them and
replaces `streams/analysis/scoring/data/categories.npz`.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from benchmarks.labelled import LabelledFactor, labelled_factors
from benchmarks.measures import category_figures
from streams.analysis.embedding import Embedder
from streams.analysis.scoring import categories, full_text
from streams.analysis.scoring.categories import CATEGORIES, TrainedWeights

VECTOR_SCALE, SHARE_SCALE, COSINE_SCALE = 1.5, 3.0, 1.0
"""How much each group of features counts against the penalty on large weights."""

STRENGTH = 2.0
"""Inverse of the penalty's weight."""

ACCEPTABLE_SHARE = 0.15
"""How much of a case goes to the other acceptable categories rather than to the primary one."""

BALANCE = 0.3
"""0: every case counts alike; 1: every category does."""

TEMPERATURES = np.linspace(0.4, 1.2, 41)

Matrix = NDArray[np.float64]


def main() -> None:
    """Train, print the figures, and write the data file if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--write", action="store_true", help="replace the data file")
    write = parser.parse_args().write
    # In full precision: bf16 rounds differently on each kind of processor, and the data file would, too.
    cases, embedder = labelled_factors(), Embedder(precision="f32")
    seen = feature_matrix(cases, embedder)
    logits = left_out_logits(cases, seen)
    temperature = best_temperature(cases, logits)
    figures = {
        "cases": len(cases),
        "companies": len({case.company for case in cases}),
        "temperature": round(temperature, 3),
        "left_out_by_company": {
            "given": category_figures(*_part(cases, logits / temperature, own=False)),
            "own": category_figures(*_part(cases, logits / temperature, own=True)),
        },
    }
    if write:
        weights, bias = _fit(cases, seen, range(len(cases)))
        trained = TrainedWeights(
            embedder.model,
            (weights / temperature).astype(np.float32),
            (bias / temperature).astype(np.float32),
        )
        path = Path(categories.__file__).parent / "data" / categories.TRAINED
        path.write_bytes(trained.to_bytes())
        figures["written"] = path.name
    print(json.dumps(figures, indent=1))


def feature_matrix(cases: Sequence[LabelledFactor], embedder: Embedder) -> Matrix:
    """Shape (cases, features)."""
    descriptions = categories.description_vectors(embedder)
    vectors = embedder.embed([full_text(case.factor) for case in cases])
    return np.stack(
        [
            categories.features(case.factor, embedded, descriptions)
            for case, embedded in zip(cases, vectors, strict=True)
        ]
    )


def left_out_logits(cases: Sequence[LabelledFactor], seen: Matrix) -> Matrix:
    """Each case's logits by a classifier that saw no filing of its company; shape (cases, categories)."""
    logits = np.zeros((len(cases), len(CATEGORIES)))
    for company in sorted({case.company for case in cases}):
        inside = [place for place, case in enumerate(cases) if case.company == company]
        outside = [place for place, case in enumerate(cases) if case.company != company]
        weights, bias = _fit(cases, seen, outside)
        logits[inside] = seen[inside] @ weights.T + bias
    return logits


def best_temperature(cases: Sequence[LabelledFactor], logits: Matrix) -> float:
    """What logits are divided by; confidence then lies between the shares of primary and of acceptable."""

    def miscalibration(temperature: float) -> float:
        figures = category_figures(cases, logits / temperature)
        return float(
            max(
                figures["calibration_error_primary"],
                figures["calibration_error_acceptable"],
            )
        )

    return float(min(TEMPERATURES, key=miscalibration))


def _fit(cases: Sequence[LabelledFactor], seen: Matrix, places: Sequence[int]) -> tuple[Matrix, Matrix]:
    rows, classes, counts = [], [], []
    for place in places:
        others = sorted(cases[place].acceptable - {cases[place].primary})
        rows.append(place)
        classes.append(CATEGORIES.index(cases[place].primary))
        counts.append(1.0 - ACCEPTABLE_SHARE if others else 1.0)
        for other in others:
            rows.append(place)
            classes.append(CATEGORIES.index(other))
            counts.append(ACCEPTABLE_SHARE / len(others))
    total = np.bincount(classes, weights=counts, minlength=len(CATEGORIES))
    balanced = np.array(counts) * (total.mean() / total[classes]) ** BALANCE
    scale = _scales(seen.shape[1])
    model = LogisticRegression(C=STRENGTH, max_iter=2000)
    model.fit(seen[rows] * scale, classes, sample_weight=balanced)
    return model.coef_ * scale, model.intercept_


def _scales(width: int) -> Matrix:
    scale = np.full(width, VECTOR_SCALE)
    scale[-2 * len(CATEGORIES) : -len(CATEGORIES)] = SHARE_SCALE
    scale[-len(CATEGORIES) :] = COSINE_SCALE
    return scale


def _part(cases: Sequence[LabelledFactor], logits: Matrix, *, own: bool) -> tuple[list[LabelledFactor], Matrix]:
    places = [place for place, case in enumerate(cases) if case.own == own]
    return [cases[place] for place in places], logits[places]


if __name__ == "__main__":
    main()
