"""The network with weights of 8 bits: what the offered ways are compared with, and too inexact to be one."""

import logging
from pathlib import Path

from streams.analysis.embedding.conversion import converted
from streams.analysis.embedding.model_files import packaged_model
from streams.analysis.embedding.network import ONNX_FILE, LoadedModel
from streams.analysis.embedding.onnx_network import OnnxNetwork
from streams.analysis.embedding.packages import require


def int8_model(folder: Path, threads: int) -> LoadedModel:
    """The default model in ONNX Runtime, its weights scaled channel by channel. Raises BackendNotInstalled."""
    require("quantisation", "onnx", "onnxruntime")
    from onnxruntime.quantization import QuantType, quantize_dynamic

    source, target = converted(packaged_model(), "onnx"), folder / "int8.onnx"
    logging.disable(logging.WARNING)  # it advises by the root logger to prepare the network first
    try:
        quantize_dynamic(source / ONNX_FILE, target, weight_type=QuantType.QInt8, per_channel=True)
    finally:
        logging.disable(logging.NOTSET)
    return LoadedModel.of_folder(source, OnnxNetwork(target, threads, "int8"))
