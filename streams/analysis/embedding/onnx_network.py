"""A converted model in ONNX Runtime."""

from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streams.analysis.embedding.conversion import converted
from streams.analysis.embedding.network import ONNX_FILE, LoadedModel
from streams.analysis.embedding.packages import require


def load_onnx_model(model: Path, threads: int) -> LoadedModel:
    """Raises as `backends.load_model`."""
    require("the embedding backend onnx", "onnxruntime")
    folder = converted(model, "onnx")
    return LoadedModel.of_folder(folder, OnnxNetwork(folder / ONNX_FILE, threads))


class OnnxNetwork:
    """A `Network`, on the processor."""

    def __init__(self, file: Path, threads: int, precision: str = "f32") -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = threads
        self._session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        self.dimensions = int(self._session.get_outputs()[0].shape[1])
        self.runtime = f"onnx {version('onnxruntime')} {precision}"

    def vector(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """The unit vector of one chunk."""
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        vector: NDArray[np.float32] = self._session.run(None, inputs)[0][0]
        return vector
