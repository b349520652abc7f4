"""How fast and how exact each way of embedding is on this processor: what backend and precision should be set to."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from streams.analysis.embedding.backends import load_model
from streams.analysis.embedding.int8 import int8_model
from streams.analysis.embedding.model_files import packaged_model, sentence_transformer
from streams.analysis.embedding.network import OFFERED, Backend, LoadedModel, Precision
from streams.analysis.embedding.packages import BackendNotInstalled, require

LOWEST_COSINE = 0.999
"""To full precision, of any paragraph: what is below changes scores, not only their last digits."""

TOO_SLOW_SECONDS = 10.0
"""Of one run: whoever takes longer, as PyTorch's bf16 does where the processor has none, is not run again."""

PARAGRAPHS = 32
PARAGRAPH_WORDS = 153
"""About 180 tokens, a usual paragraph of a risk factor."""

_SENTENCES = (
    "Our only supplier of castings has announced that it will close its foundry in the spring.",
    "A failure of our billing systems could delay the collection of receivables for several months.",
    "We have recorded an impairment of goodwill and may have to record another one next year.",
    "New tariffs on imported steel would raise the cost of most of what we sell.",
    "Competitors with larger resources have cut their prices, and we have followed them twice.",
    "The loss of our chief engineer, or of several of her team, would set our plans back.",
    "If we do not meet the covenants of our credit agreement, our lenders may demand repayment.",
)

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Measured:
    """One way of embedding; the speed is of one paragraph after the other."""

    runtime: str
    """What computed, with its version and precision."""
    setting: tuple[Backend, Precision] | None
    """The embedder's; None for a way that it does not offer."""
    paragraphs_a_second: float
    """Median of three runs, or of the only one of a very slow way."""
    lowest_cosine: float
    """To float32 in PyTorch by way of sentence-transformers, over all paragraphs."""


@dataclass(frozen=True, slots=True)
class NotMeasured:
    """A way of embedding that can't be had here."""

    setting: tuple[Backend, Precision]
    why: str


def compare(clock: Clock, *, threads: int = 1, runs: int = 3) -> Iterator[Measured | NotMeasured]:
    """Measure each way that the embedder offers, then 8 bits in ONNX Runtime; a way once, whatever it was asked as.

    Raises BackendNotInstalled where sentence-transformers is missing, which all are compared with.
    """
    require("the comparison of ways of embedding", "torch", "sentence_transformers")
    texts = sample_paragraphs()
    truth = sentence_transformer(packaged_model()).encode(texts, normalize_embeddings=True, show_progress_bar=False)
    seen = set()
    for backend, offered in OFFERED.items():
        for precision in sorted(offered, reverse=True):  # f32 first: where bf16 runs as f32, its honest name is kept
            try:
                model = load_model(packaged_model(), backend, precision, threads)
            except BackendNotInstalled as error:
                yield NotMeasured((backend, precision), str(error))
                continue
            if model.network.runtime not in seen:
                seen.add(model.network.runtime)
                yield _measure(model, (backend, precision), texts, truth, clock, runs)
    with TemporaryDirectory() as folder:
        try:
            rough = int8_model(Path(folder), threads)
        except BackendNotInstalled:
            return  # said above, of the same backend
        yield _measure(rough, None, texts, truth, clock, runs)


def recommended(measured: Sequence[Measured]) -> tuple[Backend, Precision]:
    """The fastest setting that stays above the lowest cosine."""
    offered = [(row.paragraphs_a_second, row.setting) for row in measured if row.lowest_cosine > LOWEST_COSINE]
    return max((speed, setting) for speed, setting in offered if setting is not None)[1]


def sample_paragraphs() -> list[str]:
    """Paragraphs of our own, each another."""
    count = len(_SENTENCES)
    paragraphs = []
    for number in range(PARAGRAPHS):
        order = [_SENTENCES[(number + step * (1 + number % 3)) % count] for step in range(2 * count)]
        paragraphs.append(" ".join(" ".join([f"In region {number}:", *order]).split()[:PARAGRAPH_WORDS]))
    return paragraphs


def _measure(
    model: LoadedModel,
    setting: tuple[Backend, Precision] | None,
    texts: Sequence[str],
    truth: NDArray[np.float32],
    clock: Clock,
    runs: int,
) -> Measured:
    tokens = [np.array([model.tokenizer.encode(text).ids], np.int64) for text in texts]
    started = clock()
    vectors = np.stack([model.network.vector(ids) for ids in tokens])
    warming = clock() - started
    speeds = [len(texts) / warming] if warming > TOO_SLOW_SECONDS else []
    for _ in range(0 if speeds else runs):
        started = clock()
        for ids in tokens:
            model.network.vector(ids)
        speeds.append(len(texts) / (clock() - started))
    return Measured(model.network.runtime, setting, median(speeds), float((vectors * truth).sum(axis=1).min()))
