"""The category of a risk factor: the cause that its heading and the start of its body name.

Two classifiers with one signature. The trained one is better; the other needs word lists only, and says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from schemas.risks import Category
from streams.analysis.scoring.factors import Factor, full_text
from streams.analysis.scoring.lexicon import data_file, load, terms
from streams.analysis.scoring.text import folded
from streams.analysis.scoring.vectors import pooled

CATEGORIES = tuple(Category)

START_WORDS = 100
"""How much of the body counts beside the heading: later sentences tell of consequences, which risks share."""

START_CHUNKS = 2
"""How many chunks stand for heading and start; the first alone may hold little more than the heading."""

HEADING_VOTES = 3.0
"""How many votes of the body's start one keyword in the heading is worth."""

STRONG_VOTES = 3.0
"""How many plain keywords a strong one is worth."""

SHARPNESS = 8.0
"""Turns differences of keyword share plus cosine into odds; chosen for calibration (docs/scoring.md)."""

TRAINED = "categories.npz"
LEXICON = "categories.toml"


class Embeds(Protocol):
    """What classification needs of an embedder."""

    @property
    def model(self) -> str:
        """The model's name."""

    def embed(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """Per text the unit vectors of its chunks, shape (chunks, dimensions)."""


@dataclass(frozen=True, slots=True)
class Classification:
    """A category, the second best, and how likely an analyst agrees with the first (0 to 1)."""

    category: Category
    confidence: float
    runner_up: Category


class Classifier(Protocol):
    """Says which category a factor belongs to."""

    @property
    def method(self) -> str:
        """How it classifies, for the reader of a result."""

    def classify(self, factor: Factor, vectors: NDArray[np.float32]) -> Classification:
        """`vectors` are those of the factor's full text; its first two chunks count."""


class KeywordCosineClassifier:
    """Keyword votes and the cosine to each category's description; needs no training."""

    method = "keyword+cosine"

    def __init__(self, embedder: Embeds) -> None:
        self._descriptions = description_vectors(embedder)

    def classify(self, factor: Factor, vectors: NDArray[np.float32]) -> Classification:
        """The category with the highest sum of keyword share and cosine."""
        return _ranked(SHARPNESS * (keyword_shares(factor) + self._descriptions @ pooled(vectors[:START_CHUNKS])))


@dataclass(frozen=True, slots=True)
class TrainedWeights:
    """A multinomial logistic regression; `benchmarks/train_categories.py` makes it."""

    embedding_model: str
    """The model whose vectors it was trained on."""
    weights: NDArray[np.float32]
    """Shape (categories, features), the features in the order of `features`."""
    bias: NDArray[np.float32]
    """Shape (categories,)."""

    @classmethod
    def read(cls, content: bytes) -> "TrainedWeights":
        """From the bytes of a file; ValueError if they hold executable objects."""
        with np.load(BytesIO(content), allow_pickle=False) as arrays:
            return cls(str(arrays["embedding_model"]), arrays["weights"], arrays["bias"])

    def to_bytes(self) -> bytes:
        """The bytes of an npz file."""
        buffer = BytesIO()
        np.savez(buffer, embedding_model=np.array(self.embedding_model), weights=self.weights, bias=self.bias)
        return buffer.getvalue()


class TrainedClassifier:
    """Logistic regression on the start's vector, keyword shares and cosines to the descriptions."""

    method = "logistic regression on embedding+keyword+cosine"

    def __init__(self, embedder: Embeds, trained: TrainedWeights) -> None:
        self._descriptions = description_vectors(embedder)
        self._trained = trained

    def classify(self, factor: Factor, vectors: NDArray[np.float32]) -> Classification:
        """The category that the regression finds most probable."""
        seen = features(factor, vectors, self._descriptions)
        return _ranked(self._trained.weights.astype(np.float64) @ seen + self._trained.bias)


def classifier_for(embedder: Embeds) -> Classifier:
    """The trained classifier where its data file is there and fits the embedder's model, else the other."""
    content = data_file(TRAINED)
    if content is not None:
        trained = TrainedWeights.read(content)
        if trained.embedding_model == embedder.model:
            return TrainedClassifier(embedder, trained)
    return KeywordCosineClassifier(embedder)


def features(factor: Factor, vectors: NDArray[np.float32], descriptions: NDArray[np.float32]) -> NDArray[np.float64]:
    """What the trained classifier sees: the start's vector, keyword shares, cosines to descriptions."""
    start = pooled(vectors[:START_CHUNKS])
    return np.concatenate([start, keyword_shares(factor), descriptions @ start]).astype(np.float64)


def description_vectors(embedder: Embeds) -> NDArray[np.float32]:
    """Unit vectors of the categories' descriptions, shape (categories, dimensions)."""
    described = [load(LEXICON)[category]["description"] for category in CATEGORIES]
    return np.stack([vectors[0] for vectors in embedder.embed(described)])


def keyword_shares(factor: Factor) -> NDArray[np.float64]:
    """Each category's share of the keyword votes, ordered as `CATEGORIES`; zeros where no keyword occurs."""
    heading = " ".join(factor.heading.split())
    start = " ".join(full_text(factor).removeprefix(heading).split()[:START_WORDS])
    heading, start = folded(heading), folded(start)
    votes = np.array([HEADING_VOTES * _votes(heading, name) + _votes(start, name) for name in CATEGORIES])
    total = votes.sum()
    shares: NDArray[np.float64] = votes / total if total else votes
    return shares


def _ranked(logits: NDArray[np.float64]) -> Classification:
    odds = np.exp(logits - logits.max())
    first, second = (int(place) for place in np.argsort(-odds, kind="stable")[:2])
    return Classification(CATEGORIES[first], round(float(odds[first] / odds.sum()), 4), CATEGORIES[second])


def _votes(text: str, category: Category) -> float:
    strong, plain = terms(LEXICON, category, "strong"), terms(LEXICON, category, "plain")
    return STRONG_VOTES * len(strong.findall(text)) + len(plain.findall(text))
