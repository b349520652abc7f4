"""A converted model in OpenVINO."""

from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streams.analysis.embedding.conversion import converted
from streams.analysis.embedding.network import OPENVINO_FILE, LoadedModel, Precision
from streams.analysis.embedding.packages import require
from streams.analysis.embedding.runtime import load_openvino


def load_openvino_model(model: Path, precision: Precision, threads: int) -> LoadedModel:
    """Raises as `backends.load_model`."""
    require("the embedding backend openvino", "openvino")
    folder = converted(model, "openvino")
    return LoadedModel.of_folder(folder, OpenVinoNetwork(folder / OPENVINO_FILE, precision, threads))


class OpenVinoNetwork:
    """A `Network`. Without bf16 instructions the processor computes in f32, whatever `precision` says."""

    def __init__(self, file: Path, precision: Precision, threads: int) -> None:
        core = load_openvino().Core()
        if precision == "bf16" and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
            precision = "f32"
        network = core.compile_model(
            file,
            "CPU",
            {
                "INFERENCE_PRECISION_HINT": precision,
                "INFERENCE_NUM_THREADS": threads,
                "NUM_STREAMS": 1,
                "ENABLE_CPU_PINNING": False,  # pinned, all workers of a machine would sit on the same core
            },
        )
        self._request = network.create_infer_request()
        self.dimensions = int(network.output(0).partial_shape[1].get_length())
        self.runtime = f"openvino {version('openvino')} {precision}"

    def vector(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """The unit vector of one chunk."""
        vector: NDArray[np.float32] = np.array(self._request.infer([ids, np.ones_like(ids)])[0][0], np.float32)
        return vector
