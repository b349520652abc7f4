"""The ways that the embedder is measured against: a wrong one would make its own figures look good."""

from pathlib import Path

import numpy as np
import pytest

from streams.analysis.embedding.benchmark import sample_paragraphs
from streams.analysis.embedding.other_runtimes import Embed, int8_network, onnx_network, onnx_runtime, pytorch

TEXTS = ("Rust.", "A storm may sink one of our ships.", sample_paragraphs()[0])
"""Of three lengths: a network that was exported for one only agrees on one only."""


@pytest.fixture(scope="module")
def reference() -> Embed:
    return pytorch(1)


def lowest_cosine(one: Embed, other: Embed) -> float:
    return min(float(one(text) @ other(text)) for text in TEXTS)


def test_onnx_runtime_agrees_with_pytorch_in_full_precision(reference: Embed, tmp_path: Path) -> None:
    network = onnx_network(tmp_path)
    assert lowest_cosine(onnx_runtime(network, 1), reference) > 0.99999
    assert 0.9 < lowest_cosine(onnx_runtime(int8_network(network), 1), reference) < 0.9999


def test_pytorch_in_bf16_nearly_agrees_and_has_unit_vectors(reference: Embed) -> None:
    rough = pytorch(1, bf16=True)
    assert 0.999 < lowest_cosine(rough, reference) < 0.99999
    assert all(np.linalg.norm(rough(text)) == pytest.approx(1.0, abs=1e-6) for text in TEXTS)
