"""Sentence embeddings of whole texts, on the processor, by OpenVINO.

`Embedder` is what others use; `chunks` cuts, `conversion` prepares a model once, `cache` remembers vectors.
"""

from streams.analysis.embedding.cache import SqliteVectorCache, VectorCache
from streams.analysis.embedding.conversion import ModelConversionError
from streams.analysis.embedding.embedder import Embedder, Precision

__all__ = ["Embedder", "ModelConversionError", "Precision", "SqliteVectorCache", "VectorCache"]
