"""How a risk factor lies in a LanceDB table: one row a factor, all its chunk vectors in one cell."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa

from streams.stores.lance_revisions import REVISION
from streams.stores.protocol import StoredFactor, Vectors, VectorSpace

LAYOUT = "1"
"""Of the columns; another layout is another number, so that no program misreads a folder of the other."""

_PLAIN = (
    "id",
    "ticker",
    "filing_year",
    "form",
    "position",
    "section",
    "heading",
    "text",
    "category",
    "severity",
    "novelty",
)


def schema(space: VectorSpace) -> pa.Schema:
    """The table's columns. The metadata tells a later program whether it can read and extend the table."""
    required = {
        "id": pa.string(),
        "ticker": pa.string(),
        "filing_year": pa.int32(),
        "form": pa.string(),
        "position": pa.int32(),
        "section": pa.string(),
        "heading": pa.string(),
        "text": pa.string(),
        REVISION: pa.string(),
        "vectors": pa.list_(pa.list_(pa.float32(), space.dimensions)),
    }
    optional = {"category": pa.string(), "severity": pa.float64(), "novelty": pa.float64()}
    return pa.schema(
        [pa.field(name, kind, nullable=False) for name, kind in required.items()]
        + [pa.field(name, kind) for name, kind in optional.items()],
        metadata={"layout": LAYOUT, "embedding_model": space.model},
    )


def to_rows(factors: Sequence[StoredFactor], revision: str, space: VectorSpace) -> pa.Table:
    """The rows of one filing, of factors that `check_factors` let pass."""
    columns = {name: [getattr(factor, name) for factor in factors] for name in _PLAIN}
    columns[REVISION] = [revision] * len(factors)
    columns["vectors"] = _vector_cells([factor.vectors for factor in factors], space.dimensions)
    return pa.table(columns, schema=schema(space))


def from_rows(rows: pa.Table) -> list[StoredFactor]:
    """The factors of whole rows, in the order of the rows. Their vectors share one read-only buffer."""
    vectors = _vectors_of(rows.column("vectors").combine_chunks())
    plain = rows.select(_PLAIN).to_pylist()
    return [StoredFactor(**row, vectors=cells) for row, cells in zip(plain, vectors, strict=True)]


def _vector_cells(vectors: Iterable[Vectors], dimensions: int) -> pa.ListArray:
    chunks = list(vectors)
    offsets = np.cumsum([0, *map(len, chunks)], dtype=np.int32)
    flat = np.concatenate(chunks, dtype=np.float32).ravel()
    return pa.ListArray.from_arrays(offsets, pa.FixedSizeListArray.from_arrays(flat, dimensions))


def _vectors_of(cells: pa.ListArray) -> Iterator[Vectors]:
    chunks = cells.flatten()
    flat: Vectors = chunks.flatten().to_numpy().reshape(-1, cells.type.value_type.list_size)
    # Offsets count from the start of the buffer, which a slice of a longer array does not begin at.
    offsets = np.asarray(cells.offsets) - cells.offsets[0].as_py() if len(cells) else []
    return (flat[start:end] for start, end in pairwise(offsets))
