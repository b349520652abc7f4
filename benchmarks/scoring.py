"""Measure the scores against the labels: categories, novelty, severity, sentences, and how long scoring takes.

    SIGMAK_FILINGS_DIR=... python -m benchmarks.scoring

Prints JSON. Categories are measured with each company left out in turn; novelty end to end, on the factors
that our own reading cuts.
"""

import gzip
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.labelled import YearPair, filings_folder, labelled_factors, severity_pairs, year_pairs
from benchmarks.labelled_sentences import labelled_sentences
from benchmarks.measures import agreement, area_under_roc, category_figures
from benchmarks.train_categories import best_temperature, feature_matrix, left_out_logits
from benchmarks.train_sentences import sentence_report
from schemas.risks import Novelty
from streams.analysis.embedding import Embedder
from streams.analysis.reading import RiskFactorText, read_item_1a, segment
from streams.analysis.scoring import Scorer, StoredText, company_size, full_text
from streams.analysis.scoring.categories import KeywordCosineClassifier
from streams.analysis.scoring.cover_value import market_value_on_cover
from streams.analysis.scoring.inline_facts import size_facts
from streams.analysis.scoring.novelty import History
from streams.analysis.scoring.severity import severity

HEADING_START = 60
"""Letters and digits by which a label's heading finds our factor: run-in headings may end elsewhere."""

TIMED_PAIR = ("AAPL_2024-09", "AAPL_2025-09")

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Read:
    """A filing as our reading cuts it, embedded."""

    year: int
    factors: tuple[RiskFactorText, ...]
    vectors: tuple[Vectors, ...]

    def history(self, *, without: int | None = None) -> list[StoredText]:
        """What a store would have of it, one factor left out if wanted."""
        return [
            StoredText(self.year, factor.heading, factor.text, self.vectors[place])
            for place, factor in enumerate(self.factors)
            if place != without
        ]

    def place_of(self, heading: str) -> int | None:
        """The factor that a label means."""
        wanted = _letters(heading)[:HEADING_START]
        for place, factor in enumerate(self.factors):
            found = _letters(factor.heading)
            if found and (found.startswith(wanted) or wanted.startswith(found[:HEADING_START])):
                return place
        return None


def main() -> None:
    """Measure and print."""
    embedder = Embedder()

    @cache
    def read(filing: str) -> Read:
        return read_filing(filing, embedder)

    figures = {
        "categories": category_report(embedder),
        "novelty": novelty_report([(pair, read(pair.earlier), read(pair.later)) for pair in year_pairs()]),
        "severity": severity_report(),
        "sentences": sentence_report(labelled_sentences()),
        "company_size": size_report(),
        "seconds_a_filing": time_report(embedder, *(read(filing) for filing in TIMED_PAIR)),
    }
    print(json.dumps(figures, indent=1))


def category_report(embedder: Embedder) -> dict[str, Any]:
    """Of the trained classifier with the company left out, and of the one that needs no training."""
    cases = labelled_factors()
    logits = left_out_logits(cases, feature_matrix(cases, embedder))
    logits /= best_temperature(cases, logits)
    plain = KeywordCosineClassifier(embedder)
    vectors = embedder.embed([full_text(case.factor) for case in cases])
    untrained = [plain.classify(case.factor, embedded) for case, embedded in zip(cases, vectors, strict=True)]
    report: dict[str, Any] = {}
    for name, own in (("given_labels", False), ("own_labels", True)):
        places = [place for place, case in enumerate(cases) if case.own == own]
        part = [cases[place] for place in places]
        report[name] = {
            "trained_company_left_out": category_figures(part, logits[places]),
            "keyword_and_cosine": agreement(
                part,
                [untrained[place].category for place in places],
                np.array([untrained[place].confidence for place in places]),
            ),
        }
    return report


def novelty_report(pairs: Sequence[tuple[YearPair, Read, Read]]) -> dict[str, Any]:
    """Separation and kinds on the labelled pairs, and whether factors become new without their counterpart."""
    labels: list[str] = []
    found: list[Novelty] = []
    orphaned: list[Novelty] = []
    missed = 0
    for pair, earlier, later in pairs:
        history = History(earlier.history())
        for heading, label, match in pair.labels:
            place = later.place_of(heading)
            if place is None:
                missed += 1
                continue
            labels.append(label)
            found.append(history.novelty(later.factors[place], later.vectors[place]))
            counterpart = earlier.place_of(match) if match else None
            if counterpart is not None:
                rest = History(earlier.history(without=counterpart))
                orphaned.append(rest.novelty(later.factors[place], later.vectors[place]))
    values = [novelty.value or 0.0 for novelty in found]
    others = [novelty.value or 0.0 for novelty in orphaned]
    kinds = [novelty.kind for novelty in found]
    return {
        "labelled": len(labels),
        "not_cut_by_us": missed,
        "auc_new_against_rest": area_under_roc(values, [label == "new" for label in labels]),
        "auc_changed_against_carried": area_under_roc(values, [label != "carried" for label in labels]),
        "kinds_right": round(float(np.mean([a == b for a, b in zip(kinds, labels, strict=True)])), 3),
        "new_called_carried": sum(
            label == "new" and kind == "carried" for kind, label in zip(kinds, labels, strict=True)
        ),
        "counterpart_taken_away": {
            "cases": len(orphaned),
            "called_new": sum(novelty.kind == "new" for novelty in orphaned),
            "auc_against_all_others": area_under_roc(values + others, [False] * len(values) + [True] * len(others)),
        },
    }


def severity_report() -> dict[str, Any]:
    """How many pairs are ordered as they should be; without novelty, which the pairs do not rest on."""
    first = Novelty(value=None, kind="first", explanation="")
    pairs = severity_pairs()
    right = 0
    for pair in pairs:
        more, less = (severity(side.text, first, filing_year=side.filing_year).value for side in (pair.more, pair.less))
        right += more > less
    return {"pairs": len(pairs), "ordered_right": right}


def size_report() -> dict[str, int]:
    """In how many filings the company's size is found, and whether the cover's prose says what its facts say."""
    stated = agreeing = both = 0
    paths = sorted((filings_folder() / "10-K").glob("*.gz"))
    for path in paths:
        document = gzip.decompress(path.read_bytes())
        stated += company_size(document) is not None
        fact, prose = size_facts(document).market_value, market_value_on_cover(document)
        if fact is not None and prose is not None:
            both += 1
            agreeing += fact == prose
    return {"filings": len(paths), "stated": stated, "by_fact_and_prose": both, "of_these_equal": agreeing}


def time_report(embedder: Embedder, earlier: Read, later: Read) -> dict[str, float]:
    """Processor seconds of everything but embedding, on one core."""
    scorer = Scorer(embedder)
    document = _document(TIMED_PAIR[1])
    started = process_time()
    item = read_item_1a(document)
    factors = segment(item)
    read = process_time()
    scorer.assess(
        ticker="TIMED",
        filing_year=later.year,
        item=item,
        factors=factors,
        vectors=later.vectors,
        history=earlier.history(),
        size=company_size(document),
    )
    return {"reading": round(read - started, 3), "scoring": round(process_time() - read, 3)}


def read_filing(filing: str, embedder: Embedder) -> Read:
    """A real filing, read, cut and embedded by our own means."""
    factors = segment(read_item_1a(_document(filing)))
    vectors = embedder.embed([full_text(factor) for factor in factors])
    return Read(int(filing.split("_")[1][:4]), tuple(factors), tuple(vectors))


def _document(filing: str) -> bytes:
    return gzip.decompress((filings_folder() / "10-K" / f"{filing}.html.gz").read_bytes())


def _letters(heading: str) -> str:
    return re.sub(r"\W+", "", heading).lower()


if __name__ == "__main__":
    main()
