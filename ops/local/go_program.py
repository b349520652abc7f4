"""Programs that Go builds from their modules, kept in the user's cache folder."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from platformdirs import user_cache_path

from ops.local.one_process import only_one_process
from ops.local.process import bound_to_parent, with_tail
from ops.local.programs import go

_BUILD_TIMEOUT = 1800.0


class ProgramNotBuilt(RuntimeError):
    """Go could not build a program. The message has Go's last lines."""


def go_program(name: str, package: str, version: str, *, otherwise: str = "", cache: Path | None = None) -> Path:
    """The path of the program; built by Go the first time, in seconds to minutes, after which Go is not needed.

    Several processes may call it at once: one builds, the others wait for it.

    Args:
        name: what it is called in messages and in the cache.
        package: what `go install` takes, without the version.
        version: without the `v`.
        otherwise: what else a user without Go may do, as the end of a sentence.
        cache: the folder to keep it in; the user's by default.

    Raises:
        MissingProgram: if the program is not there and Go neither.
        ProgramNotBuilt: if Go fails.
    """
    folder = (cache or user_cache_path("sigmak")) / f"{name}-{version}"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with only_one_process(folder.with_name(f"{folder.name}.lock")):
            if not folder.is_dir():
                _build(folder, f"{package}@v{version}", go(name, otherwise))
    return folder / _executable(package)


def _executable(package: str) -> str:
    """How Go names it: by the last part of the path that is no major version."""
    return re.sub(r"/v\d+$", "", package).rpartition("/")[2]


def _build(folder: Path, package: str, program: str) -> None:
    # Renamed when complete: what an interrupted build left is not taken for the program, and the next clears it.
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        subprocess.run(
            bound_to_parent([program, "install", package]),
            check=True,
            text=True,
            timeout=_BUILD_TIMEOUT,
            env={**os.environ, "GOBIN": str(partial)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    except subprocess.TimeoutExpired as error:
        raise ProgramNotBuilt(f"Go has not built {folder.name} within {_BUILD_TIMEOUT:g} s; try again.") from error
    except subprocess.CalledProcessError as error:
        raise ProgramNotBuilt(with_tail(f"Go could not build {folder.name}. Its last lines:", error.stdout)) from error
    partial.rename(folder)
