"""What scoring must reach on real filings; `benchmarks/scoring.py` prints the figures themselves."""

import gzip
from pathlib import Path

import pytest
from platformdirs import user_cache_path

from benchmarks.labelled import labelled_factors, year_pairs
from benchmarks.labelled_sentences import labelled_sentences
from benchmarks.scoring import Read, novelty_report, read_filing, severity_report
from benchmarks.train_sentences import sentence_report
from schemas.risks import Category
from streams.analysis.embedding import Embedder, SqliteVectorCache
from streams.analysis.reading import read_item_1a, segment
from streams.analysis.scoring import full_text
from streams.analysis.scoring.categories import (
    Classification,
    Classifier,
    KeywordCosineClassifier,
    TrainedClassifier,
    classifier_for,
)
from streams.analysis.scoring.judgement import judge
from streams.analysis.scoring.language import language
from streams.analysis.scoring.parts import SHORT, quote
from streams.analysis.scoring.prose import read


@pytest.fixture(scope="module")
def embedder(filings_dir: Path) -> Embedder:
    """Its vectors are kept for the next run of the tests: these texts take minutes, and never change."""
    return Embedder(cache=SqliteVectorCache(user_cache_path("sigmak") / "test-vectors.sqlite"))


def accepted(classifier: Classifier, embedder: Embedder) -> tuple[float, float]:
    """Shares of the given labels of which the category is acceptable, and is the primary one."""
    cases = [case for case in labelled_factors() if not case.own]
    vectors = embedder.embed([full_text(case.factor) for case in cases])
    found: list[Classification] = [
        classifier.classify(case.factor, embedded) for case, embedded in zip(cases, vectors, strict=True)
    ]
    pairs: list[tuple[Category, frozenset[Category], Category]] = [
        (classified.category, case.acceptable, case.primary) for classified, case in zip(found, cases, strict=True)
    ]
    return (
        sum(category in acceptable for category, acceptable, _ in pairs) / len(pairs),
        sum(category == primary for category, _, primary in pairs) / len(pairs),
    )


def test_categories_without_training_are_mostly_acceptable(embedder: Embedder) -> None:
    acceptable, primary = accepted(KeywordCosineClassifier(embedder), embedder)
    assert acceptable >= 0.90
    assert primary >= 0.77


def test_the_trained_data_file_fits_the_model_and_the_word_lists(embedder: Embedder) -> None:
    """A word list that was changed without training again shows here; its cases were seen in training."""
    classifier = classifier_for(embedder)
    assert isinstance(classifier, TrainedClassifier)
    acceptable, primary = accepted(classifier, embedder)
    assert acceptable >= 0.95
    assert primary >= 0.88


def test_novelty_separates_new_revised_and_carried_risks(embedder: Embedder) -> None:
    filings: dict[str, Read] = {}
    for pair in year_pairs():
        for filing in (pair.earlier, pair.later):
            if filing not in filings:
                filings[filing] = read_filing(filing, embedder)
    report = novelty_report([(pair, filings[pair.earlier], filings[pair.later]) for pair in year_pairs()])
    assert report["auc_new_against_rest"] >= 0.98
    assert report["auc_changed_against_carried"] >= 0.96
    assert report["kinds_right"] >= 0.88
    assert report["new_called_carried"] == 0
    away = report["counterpart_taken_away"]
    assert away["called_new"] == away["cases"] > 100


def test_severity_orders_nearly_all_pairs_as_an_analyst_would(filings_dir: Path) -> None:
    report = severity_report()
    assert report["pairs"] == 30
    assert report["ordered_right"] >= 28


def test_the_evidence_of_language_is_the_sentence_that_its_value_rests_on(filings_dir: Path) -> None:
    seen = 0
    for path in sorted((filings_dir / "10-K").glob("*.gz")):
        for factor in segment(read_item_1a(gzip.decompress(path.read_bytes()))):
            sentences = read(full_text(factor))
            part = language(sentences)
            if not part.value:
                continue
            gravest = max(sentences, key=lambda sentence: judge(sentence.text).grade * sentence.weight)
            assert part.evidence[0].strip("…") in gravest.text
            assert quote(gravest.text, SHORT, judge(gravest.text).named) in part.said
            seen += 1
    assert seen > 500


def test_labelled_sentences_of_companies_left_out_are_mostly_judged_right(filings_dir: Path) -> None:
    report = sentence_report(labelled_sentences())
    assert report["sentences"] >= 1000
    assert report["claim"]["right"] >= 0.67
    assert report["claim"]["right"] > report["claim_by_rules"]["right"] + 0.05
