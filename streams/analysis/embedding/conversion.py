"""Converting a sentence-transformers model to the format of OpenVINO or ONNX Runtime, once a machine.

The conversion (`export`) needs PyTorch, which takes seconds to import and hundreds of megabytes to hold. It runs in
a process of its own, so that workers load the result in a fraction of a second and never import PyTorch.
"""

import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from platformdirs import user_cache_path

from streams.analysis.embedding.model_files import ModelConversionError, fingerprint
from streams.analysis.embedding.packages import require

RUNTIMES = {"openvino": "openvino", "onnx": "onnxruntime"}
"""Formats, each with the package that runs it and that its folders are named by."""

EXPORTERS = {
    "openvino": ("openvino", "torch", "sentence_transformers"),
    "onnx": ("onnx", "torch", "sentence_transformers"),
}
"""The modules that write each format."""


def converted(model: Path, format: str, cache: Path | None = None) -> Path:
    """The folder of the model in this format, which is made if it is not there yet (10 to 40 seconds).

    The folder is named by the content of the model's files and by the runtime's version, so a changed model
    is converted again. Several processes may ask at once: each converts for itself, the first to end is kept.
    Raises ModelConversionError, and BackendNotInstalled where what converts is missing.
    """
    target = (cache or user_cache_path("sigmak") / "models") / fingerprint(model, RUNTIMES[format])
    if target.is_dir():
        return target
    require(f"the conversion of the embedding model for {format}, once a machine,", *EXPORTERS[format])
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="converting-", dir=target.parent) as unfinished:
        _convert_in_subprocess(model, format, Path(unfinished))
        with suppress(OSError):  # another process was first: its result is the same
            Path(unfinished).rename(target)
            Path(unfinished).mkdir()  # what TemporaryDirectory removes
    if not target.is_dir():
        raise ModelConversionError(f"the converted model could not be moved to {target}")
    return target


def _convert_in_subprocess(model: Path, format: str, target: Path) -> None:
    command = [sys.executable, "-m", "streams.analysis.embedding.export", format, str(model), str(target)]
    run = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "HF_HUB_OFFLINE": "1"}
    )
    if run.returncode:
        last_line = (run.stderr.strip().splitlines() or ["no message"])[-1]
        raise ModelConversionError(f"the model in {model} can't be converted for {format}: {last_line}")
