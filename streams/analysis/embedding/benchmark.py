"""How fast and how exact each way of embedding is on this processor: what `precision` should be set to."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from streams.analysis.embedding.embedder import Embedder, Precision
from streams.analysis.embedding.other_runtimes import Embed, int8_network, onnx_network, onnx_runtime, pytorch

LOWEST_COSINE = 0.999
"""To full precision, of any paragraph: what is below changes scores, not only their last digits."""

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

    setting: str
    precision: Precision | None
    """The embedder's setting; None for a way that it does not offer."""
    paragraphs_a_second: float
    """Median of three runs."""
    lowest_cosine: float
    """To PyTorch's float32, over all paragraphs."""


def compare(clock: Clock, *, threads: int = 1, runs: int = 3) -> list[Measured]:
    """Measure PyTorch in full precision, which is the reference, then each precision of the embedder, then other ways.

    ONNX Runtime is left out where it is not installed.
    """
    texts = sample_paragraphs()
    reference = pytorch(threads)
    truth = np.stack([reference(text) for text in texts])
    measured = [_measure("pytorch f32", None, reference, texts, truth, clock, runs)]
    for precision in ("f32", "bf16"):
        embedder = Embedder(threads=threads, precision=precision)
        setting = embedder.name.removeprefix(f"{embedder.model} (").removesuffix(")")
        embed = _first_vector(embedder)
        measured.append(_measure(setting, precision, embed, texts, truth, clock, runs))
    with TemporaryDirectory() as folder:
        for setting, embed in _other_ways(threads, Path(folder)):
            measured.append(_measure(setting, None, embed, texts, truth, clock, runs))
    return measured


def recommended(measured: Sequence[Measured]) -> Measured:
    """The fastest of the embedder's precisions that stays above the lowest cosine."""
    offered = [row for row in measured if row.precision and row.lowest_cosine > LOWEST_COSINE]
    return max(offered, key=lambda row: row.paragraphs_a_second)


def sample_paragraphs() -> list[str]:
    """Paragraphs of our own, each another."""
    count = len(_SENTENCES)
    paragraphs = []
    for number in range(PARAGRAPHS):
        order = [_SENTENCES[(number + step * (1 + number % 3)) % count] for step in range(2 * count)]
        paragraphs.append(" ".join(" ".join([f"In region {number}:", *order]).split()[:PARAGRAPH_WORDS]))
    return paragraphs


def _measure(
    setting: str,
    precision: Precision | None,
    embed: Embed,
    texts: Sequence[str],
    truth: NDArray[np.float32],
    clock: Clock,
    runs: int,
) -> Measured:
    vectors = np.stack([embed(text) for text in texts])  # also warms up
    speeds = []
    for _ in range(runs):
        started = clock()
        for text in texts:
            embed(text)
        speeds.append(len(texts) / (clock() - started))
    return Measured(setting, precision, median(speeds), float((vectors * truth).sum(axis=1).min()))


def _first_vector(embedder: Embedder) -> Embed:
    def embed(text: str) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = embedder.embed([text])[0][0]
        return vector

    return embed


def _other_ways(threads: int, folder: Path) -> Iterator[tuple[str, Embed]]:
    yield "pytorch bf16", pytorch(threads, bf16=True)
    if all(map(find_spec, ("onnx", "onnxruntime"))):
        network = onnx_network(folder)
        yield "onnxruntime f32", onnx_runtime(network, threads)
        yield "onnxruntime int8", onnx_runtime(int8_network(network), threads)
