"""A hand-written cache: a dictionary."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray


class DictCache:
    """A `VectorCache` whose content can be looked at."""

    def __init__(self) -> None:
        self.vectors: dict[bytes, NDArray[np.float32]] = {}

    def get(self, keys: Iterable[bytes]) -> dict[bytes, NDArray[np.float32]]:
        return {key: self.vectors[key] for key in keys if key in self.vectors}

    def put(self, vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
        self.vectors.update(vectors)
