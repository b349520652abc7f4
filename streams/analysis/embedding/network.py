"""What the embedder needs of a model, whatever computes it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

Backend = Literal["openvino", "torch", "onnx"]
"""What computes: OpenVINO, PyTorch or ONNX Runtime."""

Precision = Literal["bf16", "f32"]
"""What the network computes in: bf16 is faster where the processor has it, with a cosine above .999 to f32."""

OFFERED: dict[Backend, tuple[Precision, ...]] = {
    "openvino": ("bf16", "f32"),
    "torch": ("bf16", "f32"),
    "onnx": ("f32",),
}
"""ONNX Runtime has no bf16 on processors, and its 8 bits fall below a cosine of .999 (docs/scoring.md)."""

OPENVINO_FILE, ONNX_FILE, TOKENIZER_FILE, WINDOW_FILE = "network.xml", "network.onnx", "tokenizer.json", "window.txt"
"""Files of a converted model: network (of OpenVINO the weights beside it), tokenizer, longest input in tokens."""


def check_offered(backend: Backend, precision: Precision) -> None:
    """ValueError where this backend does not compute in this precision."""
    if precision not in OFFERED[backend]:
        raise ValueError(f"the backend {backend} computes in {' or '.join(OFFERED[backend])}, not in {precision}")


class Network(Protocol):
    """One chunk's tokens in, its unit vector out; the same tokens give the same vector, whatever came before."""

    @property
    def dimensions(self) -> int:
        """Length of a vector."""

    @property
    def runtime(self) -> str:
        """What computes, its version and the precision that it really computes in."""

    def vector(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """`ids` has the shape (1, tokens), the special tokens with them."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A network with what makes its input."""

    network: Network
    tokenizer: Tokenizer
    window: int
    """The longest input in tokens, special ones with them."""
    fingerprint: str
    """Changes with the model's files and the runtime's version."""

    def __post_init__(self) -> None:
        # As it was saved it cuts and fills up by itself; what the network gets is for `chunks` to say.
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()

    @classmethod
    def of_folder(cls, folder: Path, network: Network) -> "LoadedModel":
        """A converted model, whose folder is named by its fingerprint."""
        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
        return cls(network, tokenizer, int((folder / WINDOW_FILE).read_text(encoding="utf-8")), folder.name)
