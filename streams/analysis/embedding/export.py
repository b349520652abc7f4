"""The program that converts a model: `python -m streams.analysis.embedding.export openvino|onnx MODEL FOLDER`."""

import sys
import warnings
from pathlib import Path
from typing import Any

import torch

from streams.analysis.embedding.model_files import sentence_transformer, window_of
from streams.analysis.embedding.network import ONNX_FILE, OPENVINO_FILE, TOKENIZER_FILE, WINDOW_FILE
from streams.analysis.embedding.runtime import load_openvino

INPUTS = ("input_ids", "attention_mask")


class SentenceVector(torch.nn.Module):
    """Token ids to one unit vector; pooling is the model's own module."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Both of shape (1, tokens); the result (1, dimensions)."""
        vector = self.model({"input_ids": input_ids, "attention_mask": attention_mask})["sentence_embedding"]
        return torch.nn.functional.normalize(vector, p=2.0, dim=1)


def export(format: str, model: Path, target: Path) -> None:
    """Write network, tokenizer and window into the folder."""
    loaded = sentence_transformer(model, attn_implementation="eager")
    # Evaluation is set on the outermost module: the exporter would put dropout back into all below one that trains.
    network = SentenceVector(loaded).eval()
    with torch.no_grad():
        (_to_onnx if format == "onnx" else _to_openvino)(network, target)
    loaded.tokenizer.backend_tokenizer.save(str(target / TOKENIZER_FILE))
    (target / WINDOW_FILE).write_text(str(window_of(loaded)), encoding="utf-8")


def _to_openvino(network: SentenceVector, target: Path) -> None:
    openvino = load_openvino()
    any_shape = openvino.PartialShape([-1, -1])
    converted = openvino.convert_model(network, example_input=_example(), input=[any_shape, any_shape])
    openvino.save_model(converted, target / OPENVINO_FILE, compress_to_fp16=False)


def _to_onnx(network: SentenceVector, target: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that this exporter is old: the new one's network of any length is wrong
        torch.onnx.export(
            network,
            _example(),
            str(target / ONNX_FILE),
            dynamo=False,
            input_names=list(INPUTS),
            dynamic_axes={name: {1: "length"} for name in INPUTS},
        )


def _example() -> tuple[torch.Tensor, torch.Tensor]:
    tokens = torch.ones(1, 16, dtype=torch.int64)
    return tokens, tokens


if __name__ == "__main__":
    export(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
