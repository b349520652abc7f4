"""How a risk factor lies in Weaviate: an object a chunk vector; the first also has what the factor says.

The chunks of a revision are numbered through. A factor's are in a row and name where the row begins and how long
it is, so that one of them that a search has found leads to the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

import numpy as np
from weaviate.classes.data import DataObject

from streams.stores.protocol import StoredFactor
from streams.stores.revisions import Filing

Properties = dict[str, Any]

_IDS = UUID("c3c1a9f4-5d0c-5c2b-9a6e-0b6f6f1f2d11")
"""Namespace of the object ids: a write that is sent again gives the same objects, not new ones."""

_CONTENT = ("position", "section", "heading", "text", "category", "severity", "novelty")


@dataclass(frozen=True, slots=True)
class Span:
    """Chunks of one revision, by their numbers."""

    revision: str
    start: int
    count: int


def filing_properties(filing: Filing, revision: str) -> Properties:
    """What all objects of a revision have."""
    ticker, filing_year, form = filing
    return {"ticker": ticker, "filing_year": filing_year, "form": form, "revision": revision}


def revision_object(filing: Filing, revision: str, chunks: int) -> DataObject[Properties, None]:
    """The object that makes the revision count."""
    id_ = uuid5(_IDS, "/".join(map(str, (*filing, revision))))
    return DataObject(uuid=id_, properties={**filing_properties(filing, revision), "chunks": chunks})


def chunk_objects(filing: Filing, revision: str, factors: Sequence[StoredFactor]) -> list[DataObject[Properties, None]]:
    """One for each chunk of each factor, numbered from 0."""
    objects: list[DataObject[Properties, None]] = []
    for factor in factors:
        start = len(objects)
        shared = {
            **filing_properties(filing, revision),
            "factor_id": factor.id,
            "factor_start": start,
            "factor_chunks": len(factor.vectors),
        }
        content = {name: getattr(factor, name) for name in _CONTENT}
        objects += [
            DataObject(
                uuid=uuid5(_IDS, f"{factor.id}/{chunk}/{revision}"),
                properties={**shared, "number": start + chunk, **(content if chunk == 0 else {})},
                vector=vector.tolist(),
            )
            for chunk, vector in enumerate(factor.vectors)
        ]
    return objects


def span_of_factor(chunk: Properties) -> Span:
    """All chunks of the factor that this one is of."""
    return Span(chunk["revision"], int(chunk["factor_start"]), int(chunk["factor_chunks"]))


def factors_of(chunks: Sequence[tuple[Properties, Sequence[float]]]) -> list[StoredFactor]:
    """The factors of whole spans, whose chunks come in the order of their numbers."""
    factors = []
    begin = 0
    while begin < len(chunks):
        first, _ = chunks[begin]
        end = begin + int(first["factor_chunks"])
        factors.append(
            StoredFactor(
                id=first["factor_id"],
                ticker=first["ticker"],
                filing_year=int(first["filing_year"]),
                form=first["form"],
                position=int(first["position"]),
                section=first["section"],
                heading=first["heading"],
                text=first["text"],
                category=first["category"],
                severity=first["severity"],
                novelty=first["novelty"],
                vectors=np.asarray([vector for _, vector in chunks[begin:end]], np.float32),
            )
        )
        begin = end
    return factors
