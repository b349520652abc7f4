"""Sentence embeddings of whole texts, on the processor, by OpenVINO, PyTorch or ONNX Runtime.

`Embedder` is what others use; `backends` loads what a setting names, `conversion` prepares a model once, `chunks`
cuts, `cache` remembers vectors.
"""

from streams.analysis.embedding.cache import SqliteVectorCache, VectorCache
from streams.analysis.embedding.embedder import Embedder
from streams.analysis.embedding.model_files import ModelConversionError
from streams.analysis.embedding.network import Backend, Precision, check_offered
from streams.analysis.embedding.packages import BackendNotInstalled

__all__ = [
    "Backend",
    "BackendNotInstalled",
    "Embedder",
    "ModelConversionError",
    "Precision",
    "SqliteVectorCache",
    "VectorCache",
    "check_offered",
]
