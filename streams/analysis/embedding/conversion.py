"""Converting a sentence-transformers model to OpenVINO's format, once a machine.

The conversion needs PyTorch, which takes seconds to import and hundreds of megabytes to hold. It runs in a
process of its own, so that workers load the result in a fraction of a second and never import PyTorch.
"""

import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from hashlib import file_digest, sha256
from importlib.metadata import version
from pathlib import Path

from platformdirs import user_cache_path

from streams.analysis.embedding.runtime import load_openvino

NETWORK, TOKENIZER, WINDOW = "network.xml", "tokenizer.json", "window.txt"
"""Files of a converted model: network (its weights beside it), tokenizer, longest input in tokens."""


class ModelConversionError(OSError):
    """A model can't be loaded or converted; the message says which and why."""


def converted(model: Path, cache: Path | None = None) -> Path:
    """The folder of the converted model, which is made if it is not there yet (10 to 40 seconds).

    The folder is named by the content of the model's files and by the converter's version, so a changed model
    is converted again. Several processes may ask at once: each converts for itself, the first to end is kept.
    Raises ModelConversionError.
    """
    if not (model / "modules.json").is_file():
        raise ModelConversionError(f"no sentence-transformers model in {model}: modules.json is missing")
    target = (cache or user_cache_path("sigmak") / "models") / _fingerprint(model)
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="converting-", dir=target.parent) as unfinished:
        _convert_in_subprocess(model, Path(unfinished))
        with suppress(OSError):  # another process was first: its result is the same
            Path(unfinished).rename(target)
            Path(unfinished).mkdir()  # what TemporaryDirectory removes
    if not target.is_dir():
        raise ModelConversionError(f"the converted model could not be moved to {target}")
    return target


def _fingerprint(model: Path) -> str:
    digest = sha256(f"openvino {version('openvino')}".encode())
    for file in sorted(path for path in model.rglob("*") if path.is_file()):
        digest.update(f"\0{file.relative_to(model)}\0".encode())
        with file.open("rb") as stream:
            digest.update(file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:32]


def _convert_in_subprocess(model: Path, target: Path) -> None:
    command = [sys.executable, "-m", __name__, str(model), str(target)]
    run = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "HF_HUB_OFFLINE": "1"}
    )
    if run.returncode:
        last_line = (run.stderr.strip().splitlines() or ["no message"])[-1]
        raise ModelConversionError(f"the model in {model} can't be converted for OpenVINO: {last_line}")


def _convert(model: Path, target: Path) -> None:
    import torch
    from sentence_transformers import SentenceTransformer

    openvino = load_openvino()

    class SentenceVector(torch.nn.Module):
        """Token ids to one vector; pooling and normalisation are the model's own modules."""

        def __init__(self, model: SentenceTransformer) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            features = {"input_ids": input_ids, "attention_mask": attention_mask}
            vector: torch.Tensor = self.model(features)["sentence_embedding"]
            return torch.nn.functional.normalize(vector, p=2.0, dim=1)

    loaded = SentenceTransformer(str(model), device="cpu", model_kwargs={"attn_implementation": "eager"}).eval()
    example = torch.ones(1, 16, dtype=torch.int64)
    any_shape = openvino.PartialShape([-1, -1])
    with torch.no_grad():
        network = openvino.convert_model(
            SentenceVector(loaded), example_input=(example, example), input=[any_shape, any_shape]
        )
    openvino.save_model(network, target / NETWORK, compress_to_fp16=False)
    loaded.tokenizer.backend_tokenizer.save(str(target / TOKENIZER))
    (target / WINDOW).write_text(str(loaded.max_seq_length or 256))


if __name__ == "__main__":
    _convert(Path(sys.argv[1]), Path(sys.argv[2]))
