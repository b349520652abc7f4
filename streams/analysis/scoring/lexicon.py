"""This package's data files: lists of words and phrases, each compiled to one regular expression."""

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

LISTED = ("categories.toml", "severity.toml", "facts.toml")
"""The files whose lists of strings are lists of terms."""


def compile_terms(terms: Iterable[str]) -> re.Pattern[str]:
    """Finds any of the terms as whole words in a `folded` text, the longest first; a final `*` stands for any ending.

    Spaces in a term match spaces and hyphens alike, so "write down" finds "write-down". Terms are lower case. To
    ignore case instead takes four times as long: only without does `re` skip alternatives by their first letter.
    """
    alternatives = "|".join(_pattern(term) for term in sorted(terms, key=lambda term: (-len(term), term)))
    return re.compile(rf"\b(?:{alternatives})\b")


def _pattern(term: str) -> str:
    stem = r"[\s-]+".join(re.escape(word) for word in term.removesuffix("*").split())
    return stem + r"[^\W_]*" if term.endswith("*") else stem


@cache
def terms(file: str, table: str, key: str) -> re.Pattern[str]:
    """The compiled list `key` of a table of a file, to be searched for in `folded` text."""
    return compile_terms(load(file)[table][key])


def compile_all() -> None:
    """Compile every list ahead: all of them take some 40 ms, which the first filing is not to wait for."""
    for file in LISTED:
        for table, entries in load(file).items():
            for key, value in entries.items():
                if isinstance(value, list):
                    terms(file, table, key)


@cache
def load(name: str) -> dict[str, Any]:
    """A TOML file of the data folder; KeyError if it is not there."""
    content = data_file(name)
    if content is None:
        raise KeyError(f"{name} is missing from the package's data files")
    return tomllib.loads(content.decode())


@cache
def data_digest() -> str:
    """Eight hexadecimal digits that change whenever a word list, a table or trained weights do."""
    digest = sha256()
    for file in sorted((files(__package__) / "data").iterdir(), key=lambda entry: entry.name):
        digest.update(f"\0{file.name}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:8]


def data_file(name: str) -> bytes | None:
    """A file of the data folder, None if it is not there."""
    file = files(__package__) / "data" / name
    return file.read_bytes() if file.is_file() else None
