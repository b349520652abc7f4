"""The packages that a backend needs, which an installation may lack."""

from importlib.util import find_spec

_PACKAGES = {"sentence_transformers": "sentence-transformers"}
"""Modules whose package has another name."""


class BackendNotInstalled(OSError):
    """A backend was asked for whose packages are not there; the message says what to install."""


def require(purpose: str, *modules: str) -> None:
    """BackendNotInstalled where one of these can't be imported."""
    missing = [_PACKAGES.get(module, module) for module in modules if find_spec(module) is None]
    if missing:
        raise BackendNotInstalled(f"{purpose} needs what is not installed: pip install {' '.join(missing)}")
