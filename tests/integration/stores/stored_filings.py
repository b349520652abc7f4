"""Filings to store in tests, and what two of them have in common."""

from hashlib import sha256
from typing import Any

import numpy as np

from streams.analysis.identity import factor_ids
from streams.stores.protocol import StoredFactor, Vectors, VectorSpace

SPACE = VectorSpace("a-model-of-tests", 8)


def filing(
    *texts: str,
    ticker: str = "ACME",
    year: int = 2024,
    form: str = "10-K",
    vectors: list[Vectors] | None = None,
) -> list[StoredFactor]:
    """A filing with one risk factor a text; without `vectors` each text has one of its own."""
    headings = [f"On {text}." for text in texts]
    ids = factor_ids(ticker, year, form, zip(headings, texts, strict=True))
    return [
        StoredFactor(
            id=ids[position],
            ticker=ticker,
            filing_year=year,
            form=form,
            position=position,
            section="Risks of tests",
            heading=headings[position],
            text=text,
            vectors=vectors[position] if vectors else chunks(vector_of(text)),
            category="OPERATIONAL",
            severity=0.25,
            novelty=None,
        )
        for position, text in enumerate(texts)
    ]


def vector_of(text: str) -> Vectors:
    """A unit vector that is the same for the same text, and another for another."""
    seed = int.from_bytes(sha256(text.encode()).digest()[:8])
    return unit(np.random.default_rng(seed).standard_normal(SPACE.dimensions).tolist())


def unit(values: list[float]) -> Vectors:
    """The values, padded by zeros to the dimensions of the space, as a unit vector."""
    vector = np.zeros(SPACE.dimensions, np.float32)
    vector[: len(values)] = values
    return vector / np.float32(np.linalg.norm(vector))


def chunks(*vectors: Vectors) -> Vectors:
    return np.stack(vectors)


def content(factors: Any) -> list[dict[str, Any]]:
    """All fields of the factors, comparable by `==`."""
    return [
        {name: getattr(factor, name) for name in StoredFactor.__slots__} | {"vectors": factor.vectors.tolist()}
        for factor in factors
    ]


def texts(factors: Any) -> list[str]:
    return [factor.text for factor in factors]
