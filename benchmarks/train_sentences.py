"""Train the two regressions that judge sentences, from the labelled ones, and write their data file.

    SIGMAK_FILINGS_DIR=... python -m benchmarks.train_sentences [--write]

Prints, as JSON, the figures with each company left out in turn, of the rules alone and of rules and labels;
`--write` then trains on all sentences and replaces `streams/analysis/scoring/data/sentences.npz`.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from benchmarks.labelled_sentences import LabelledSentence, labelled_sentences
from streams.analysis.scoring import learned
from streams.analysis.scoring.judgement import by_rules
from streams.analysis.scoring.learned import CLAIMS, GRAVITIES, SentenceWeights, features

STRENGTH = 1.0
"""Inverse of the penalty's weight."""

Matrix = NDArray[np.float64]


def main() -> None:
    """Train, print the figures, and write the data file if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--write", action="store_true", help="replace the data file")
    write = parser.parse_args().write
    cases = labelled_sentences()
    print(json.dumps(sentence_report(cases), indent=1))
    if write:
        seen = _matrix(cases)
        path = Path(learned.__file__).parent / "data" / learned.TRAINED
        path.write_bytes(_fit_both(cases, seen).to_bytes())


def sentence_report(cases: Sequence[LabelledSentence]) -> dict[str, Any]:
    """Claim and gravity with each company left out in turn, and by the rules alone."""
    seen = _matrix(cases)
    claims = np.zeros((len(cases), len(CLAIMS)))
    gravities = np.zeros((len(cases), len(GRAVITIES)))
    for company in sorted({case.company for case in cases}):
        inside = [place for place, case in enumerate(cases) if case.company == company]
        outside = [place for place, case in enumerate(cases) if case.company != company]
        weights = _fit_both([cases[place] for place in outside], seen[outside])
        claims[inside] = seen[inside] @ weights.claim.T
        gravities[inside] = seen[inside] @ weights.gravity.T
    harmful = [place for place, case in enumerate(cases) if case.gravity]
    truth = [cases[place].gravity for place in harmful]
    ruled = [by_rules(case.text)[0] for case in cases]
    return {
        "sentences": len(cases),
        "companies": len({case.company for case in cases}),
        "claim": _claims(cases, [CLAIMS[int(best)] for best in claims.argmax(axis=1)]),
        "claim_by_rules": _claims(cases, [_ruled_claim(found.claim, found.gravity) for found in ruled]),
        "gravity": _gravities(truth, [1 + int(gravities[place].argmax()) for place in harmful]),
        "gravity_by_rules": _gravities(
            truth, [1 + sum(ruled[place].gravity > step for step in GRAVITIES[:-1]) for place in harmful]
        ),
    }


def _ruled_claim(claim: str, gravity: float) -> str:
    if not gravity:
        return "none"
    return "expected" if claim == "stated" else claim


def _claims(cases: Sequence[LabelledSentence], found: Sequence[str]) -> dict[str, Any]:
    right = [case.claim == claim for case, claim in zip(cases, found, strict=True)]
    each = {}
    for claim in CLAIMS:
        true = [place for place, case in enumerate(cases) if case.claim == claim]
        said = [place for place, name in enumerate(found) if name == claim]
        each[claim] = {
            "cases": len(true),
            "recall": round(float(np.mean([right[place] for place in true])), 3),
            "precision": round(float(np.mean([right[place] for place in said])), 3) if said else None,
        }
    return {"right": round(float(np.mean(right)), 3), **each}


def _gravities(truth: Sequence[int], found: Sequence[int]) -> dict[str, Any]:
    pairs = list(zip(truth, found, strict=True))
    grave = [said for true, said in pairs if true > 1]
    return {
        "cases": len(pairs),
        "right": round(sum(true == said for true, said in pairs) / len(pairs), 3),
        "grave_cases": len(grave),
        "grave_found": round(sum(said > 1 for said in grave) / len(grave), 3),
    }


def _matrix(cases: Sequence[LabelledSentence]) -> Matrix:
    return np.stack([features(case.text, by_rules(case.text)[0]) for case in cases])


def _fit_both(cases: Sequence[LabelledSentence], seen: Matrix) -> SentenceWeights:
    harmful = [place for place, case in enumerate(cases) if case.gravity]
    return SentenceWeights(
        _fit(seen, [CLAIMS.index(case.claim) for case in cases], len(CLAIMS), None),
        _fit(seen[harmful], [cases[place].gravity - 1 for place in harmful], len(GRAVITIES), "balanced"),
    )


def _fit(seen: Matrix, classes: Sequence[int], count: int, balance: str | None) -> Matrix:
    """The weights, the bias last; a class without a case gets a bias that keeps it from being chosen."""
    model = LogisticRegression(C=STRENGTH, max_iter=3000, class_weight=balance).fit(seen[:, :-1], classes)
    weights = np.zeros((count, seen.shape[1]))
    weights[:, -1] = -10.0
    weights[model.classes_] = np.column_stack([model.coef_, model.intercept_])
    return weights


if __name__ == "__main__":
    main()
