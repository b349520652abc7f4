"""A model in PyTorch, as sentence-transformers loads it; nothing is converted."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streams.analysis.embedding.model_files import ModelConversionError, fingerprint, sentence_transformer, window_of
from streams.analysis.embedding.network import LoadedModel, Precision
from streams.analysis.embedding.packages import require


def load_torch_model(model: Path, precision: Precision, threads: int) -> LoadedModel:
    """Raises as `backends.load_model`."""
    require("the embedding backend torch", "torch", "sentence_transformers")
    import torch

    torch.set_num_threads(threads)
    files = fingerprint(model, "torch")
    try:
        loaded = sentence_transformer(model, dtype=torch.bfloat16 if precision == "bf16" else torch.float32)
    except (OSError, ValueError, KeyError) as error:
        raise ModelConversionError(f"the model in {model} can't be loaded by PyTorch: {error}") from error
    return LoadedModel(TorchNetwork(loaded, precision), loaded.tokenizer.backend_tokenizer, window_of(loaded), files)


class TorchNetwork:
    """A `Network`. It computes in bf16 on any processor, on one without such instructions slowly."""

    def __init__(self, model: Any, precision: Precision) -> None:
        self._model = model
        self.dimensions = len(self.vector(np.zeros((1, 1), np.int64)))
        self.runtime = f"torch {version('torch')} {precision}"

    def vector(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """The unit vector of one chunk."""
        import torch

        tokens = torch.from_numpy(ids)
        with torch.inference_mode():
            features = self._model({"input_ids": tokens, "attention_mask": torch.ones_like(tokens)})
        vector: NDArray[np.float32] = features["sentence_embedding"][0].float().numpy()
        unit: NDArray[np.float32] = vector / np.linalg.norm(vector)
        return unit
