import numpy as np
import pytest

from schemas.risks import Category
from streams.analysis.scoring import FactorText, full_text
from streams.analysis.scoring.categories import (
    CATEGORIES,
    KeywordCosineClassifier,
    TrainedClassifier,
    TrainedWeights,
    classifier_for,
    features,
    keyword_shares,
)
from streams.analysis.scoring.vectors import pooled
from tests.unit.scoring.embedders import DIMENSIONS, BagOfWordsEmbedder, bag_of_words

PLAIN_CASES = [
    ("We depend on a single supplier of steel for our manufacturing.", Category.OPERATIONAL),
    ("A recession would lower demand in all of our markets.", Category.SYSTEMATIC),
    ("War and new tariffs could close our trade with other countries.", Category.GEOPOLITICAL),
    ("New regulation and litigation could be costly.", Category.REGULATORY),
    ("Our competitors are larger, and competition is intense.", Category.COMPETITIVE),
    ("A cyberattack could stop our information systems.", Category.TECHNOLOGICAL),
    ("We must attract and retain skilled employees.", Category.HUMAN_CAPITAL),
    ("Our indebtedness and its covenants limit us.", Category.FINANCIAL),
    ("Negative publicity could damage our brand and reputation.", Category.REPUTATIONAL),
    ("Our founder has the voting power to prevent a takeover.", Category.OTHER),
]


@pytest.mark.parametrize(("heading", "category"), PLAIN_CASES)
def test_without_training_a_plain_heading_gets_its_category(heading: str, category: Category) -> None:
    factor = FactorText(heading, "")
    classifier = KeywordCosineClassifier(BagOfWordsEmbedder())
    assert classifier.classify(factor, bag_of_words(full_text(factor))).category == category


def test_the_runner_up_is_another_category_and_the_confidence_a_share() -> None:
    factor = FactorText("Tariffs and our suppliers", "Our suppliers abroad face tariffs.")
    found = KeywordCosineClassifier(BagOfWordsEmbedder()).classify(factor, bag_of_words(full_text(factor)))
    assert {found.category, found.runner_up} == {Category.OPERATIONAL, Category.GEOPOLITICAL}
    assert 0.1 <= found.confidence <= 1.0


def test_keywords_in_the_heading_count_more_than_in_the_body() -> None:
    shares = keyword_shares(FactorText("Tariffs", "Our competitors grow."))
    assert shares[CATEGORIES.index(Category.GEOPOLITICAL)] > shares[CATEGORIES.index(Category.COMPETITIVE)] > 0.0


def test_the_end_of_a_long_body_does_not_count() -> None:
    body = "We make bolts. " * 50
    assert np.array_equal(
        keyword_shares(FactorText("Bolts", body)), keyword_shares(FactorText("Bolts", body + "Cyberattacks."))
    )


def test_a_text_without_any_keyword_has_a_category_of_low_confidence() -> None:
    factor = FactorText("Lorem ipsum", "dolor sit amet")
    found = KeywordCosineClassifier(BagOfWordsEmbedder()).classify(factor, bag_of_words(full_text(factor)))
    assert found.confidence < 0.5


def test_the_trained_classifier_is_used_only_with_the_model_it_was_trained_on() -> None:
    other = classifier_for(BagOfWordsEmbedder("some-other-model"))
    assert other.method == "keyword+cosine"


def test_trained_weights_survive_their_file_and_decide() -> None:
    width = DIMENSIONS + 2 * len(CATEGORIES)
    weights = np.zeros((len(CATEGORIES), width), np.float32)
    bias = np.zeros(len(CATEGORIES), np.float32)
    bias[CATEGORIES.index(Category.OTHER)], bias[CATEGORIES.index(Category.FINANCIAL)] = 3.0, 2.0
    trained = TrainedWeights.read(TrainedWeights("bag-of-words", weights, bias).to_bytes())
    factor = FactorText("Bolts", "We make bolts.")
    found = TrainedClassifier(BagOfWordsEmbedder(), trained).classify(factor, bag_of_words(full_text(factor)))
    assert (found.category, found.runner_up) == (Category.OTHER, Category.FINANCIAL)
    expected = np.exp(3.0) / (np.exp(3.0) + np.exp(2.0) + 8.0)
    assert found.confidence == pytest.approx(expected, abs=1e-4)


def test_a_file_with_executable_objects_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("weights") / "categories.npz"
    np.savez(path, embedding_model=np.array("m"), weights=np.array([print], object), bias=np.zeros(10))
    with pytest.raises(ValueError, match="allow_pickle"):
        TrainedWeights.read(path.read_bytes())


def test_the_features_are_the_first_two_chunks_the_keywords_and_the_cosines() -> None:
    factor = FactorText("Bolts", "We make bolts.")
    vectors = np.concatenate([bag_of_words(text) for text in ("bolts", "something else", "consequences")])
    start = pooled(vectors[:2])
    descriptions = np.eye(len(CATEGORIES), DIMENSIONS, dtype=np.float32)
    seen = features(factor, vectors, descriptions)
    assert np.allclose(seen[:DIMENSIONS], start)
    assert np.array_equal(seen[DIMENSIONS:-10], keyword_shares(factor))
    assert np.allclose(seen[-10:], start[:10])
