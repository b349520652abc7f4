"""One vector for several chunks."""

import numpy as np
from numpy.typing import NDArray


def pooled(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """One unit vector for all chunks: the direction of their mean; zeros where they cancel out."""
    mean = np.asarray(vectors, np.float64).mean(axis=0)
    norm = float(np.linalg.norm(mean))
    unit: NDArray[np.float32] = (mean / norm if norm else mean).astype(np.float32)
    return unit
