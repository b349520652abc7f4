"""The same model in PyTorch and ONNX Runtime: what the embedder's own way is measured against, and nothing else."""

import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from streams.analysis.embedding.embedder import packaged_model

if TYPE_CHECKING:
    import torch

Embed = Callable[[str], NDArray[np.float32]]
"""One text that fits the model's window, to its unit vector."""


def pytorch(threads: int, *, bf16: bool = False) -> Embed:
    """PyTorch by way of sentence-transformers; in float32 it is what all others are compared with."""
    import torch

    torch.set_num_threads(threads)
    model = _sentence_transformer(dtype=torch.bfloat16 if bf16 else torch.float32)

    def embed(text: str) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = np.asarray(model.encode(text, show_progress_bar=False), np.float32)
        return _unit(vector)

    return embed


def onnx_network(folder: Path) -> Path:
    """The network as an ONNX file in a folder, its input of any length. ModuleNotFoundError without `onnx`."""
    import torch

    class SentenceVector(torch.nn.Module):
        """Token ids to one vector; pooling is the model's own module."""

        def __init__(self, model: Any) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: "torch.Tensor", attention_mask: "torch.Tensor") -> "torch.Tensor":
            vector: torch.Tensor = self.model({"input_ids": input_ids, "attention_mask": attention_mask})[
                "sentence_embedding"
            ]
            return vector

    target = folder / "f32.onnx"
    example = torch.ones(1, 16, dtype=torch.int64)
    # Evaluation is set on the outermost module: the exporter would put dropout back into all below one that trains.
    network = SentenceVector(_sentence_transformer(attn_implementation="eager")).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that this exporter is old: the new one's network of any length is wrong
        torch.onnx.export(
            network,
            (example, example),
            str(target),
            dynamo=False,
            input_names=["input_ids", "attention_mask"],
            dynamic_axes={"input_ids": {1: "length"}, "attention_mask": {1: "length"}},
        )
    return target


def int8_network(network: Path) -> Path:
    """The same with weights of 8 bits, scaled channel by channel. ModuleNotFoundError without `onnxruntime`."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    target = network.with_name("int8.onnx")
    logging.disable(logging.WARNING)  # it advises by the root logger to prepare the network first
    try:
        quantize_dynamic(network, target, weight_type=QuantType.QInt8, per_channel=True)
    finally:
        logging.disable(logging.NOTSET)
    return target


def onnx_runtime(network: Path, threads: int) -> Embed:
    """A network in ONNX Runtime, on the processor. ModuleNotFoundError without `onnxruntime`."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(network), options, providers=["CPUExecutionProvider"])
    tokenizer = _sentence_transformer().tokenizer

    def embed(text: str) -> NDArray[np.float32]:
        ids = np.array([tokenizer(text, truncation=True)["input_ids"]], np.int64)
        return _unit(session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0][0])

    return embed


def _sentence_transformer(**model_kwargs: Any) -> Any:
    from sentence_transformers import SentenceTransformer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]
    return SentenceTransformer(str(packaged_model()), device="cpu", model_kwargs=model_kwargs).eval()


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = vector / np.linalg.norm(vector)
    return unit
