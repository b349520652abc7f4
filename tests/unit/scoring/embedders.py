"""A hand-written embedder: no model, but texts of the same words get the same vectors."""

from collections.abc import Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from streams.analysis.scoring.text import words

DIMENSIONS = 64


class BagOfWordsEmbedder:
    """Adds up one hashed direction a word; one chunk a text."""

    def __init__(self, model: str = "bag-of-words") -> None:
        self.model = model
        self.name = f"{model} (test)"

    def embed(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        return [bag_of_words(text) for text in texts]


def bag_of_words(text: str) -> NDArray[np.float32]:
    """Unit vector of a text, shape (1, DIMENSIONS)."""
    vector = np.zeros((1, DIMENSIONS), np.float32)
    for word in words(text) or ["nothing"]:
        vector[0, crc32(word.encode("utf-8", "surrogatepass")) % DIMENSIONS] += 1.0
    unit: NDArray[np.float32] = vector / np.linalg.norm(vector)
    return unit
