"""Weaviate's server program, built by Go from its module and kept in the user's cache folder."""

import os
import shutil
import subprocess
from pathlib import Path

from platformdirs import user_cache_path

from ops.local.one_process import only_one_process
from ops.local.process import bound_to_parent, with_tail
from ops.local.programs import go

WEAVIATE_VERSION = "1.35.2"

_PACKAGE = f"github.com/weaviate/weaviate/cmd/weaviate-server@v{WEAVIATE_VERSION}"
_PROGRAM = "weaviate-server"
_BUILD_TIMEOUT = 1800.0


class WeaviateNotBuilt(RuntimeError):
    """Go could not build Weaviate. The message has Go's last lines."""


def weaviate_program(cache: Path | None = None) -> Path:
    """The path of the server (165 MB); built by Go the first time, in minutes, after which Go is not needed.

    Several processes may call it at once: one builds, the others wait for it.

    Raises:
        MissingProgram: if the server is not there and Go neither.
        WeaviateNotBuilt: if Go fails.
    """
    folder = (cache or user_cache_path("sigmak")) / f"weaviate-{WEAVIATE_VERSION}"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with only_one_process(folder.with_name(f"{folder.name}.lock")):
            if not folder.is_dir():
                _build(folder)
    return folder / _PROGRAM


def _build(folder: Path) -> None:
    program = go()
    # Renamed when complete: what an interrupted build left is not taken for Weaviate, and the next clears it.
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        subprocess.run(
            bound_to_parent([program, "install", _PACKAGE]),
            check=True,
            text=True,
            timeout=_BUILD_TIMEOUT,
            env={**os.environ, "GOBIN": str(partial)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    except subprocess.TimeoutExpired as error:
        raise WeaviateNotBuilt(
            f"Go has not built Weaviate {WEAVIATE_VERSION} within {_BUILD_TIMEOUT:g} s; try again."
        ) from error
    except subprocess.CalledProcessError as error:
        message = f"Go could not build Weaviate {WEAVIATE_VERSION}. Its last lines:"
        raise WeaviateNotBuilt(with_tail(message, error.stdout)) from error
    partial.rename(folder)
