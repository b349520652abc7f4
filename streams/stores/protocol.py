"""What a vector store of risk factors does, whichever server or folder is behind it.

`tests/integration/stores/test_store_contract.py` is this contract as tests; every store runs all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from streams.faults import TransientFault

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class VectorSpace:
    """What all vectors of one store have in common; vectors of two models can't be compared."""

    model: str
    """The embedding model's name, without precision and runtime, which hardly move a vector."""
    dimensions: int


@dataclass(frozen=True, slots=True, eq=False)
class StoredFactor:
    """One risk factor of one filing, as it is kept for later comparison and search.

    Compares by identity: arrays have no single truth value for `==` to return.
    """

    id: str
    """A UUID that derives from the content (see `streams.analysis.identity`); unique within a filing."""
    ticker: str
    filing_year: int
    form: str
    position: int
    """Its place in the filing, from 0."""
    section: str
    heading: str
    text: str
    vectors: Vectors
    """Unit vectors of its chunks, shape (chunks, dimensions), at least one chunk."""
    category: str | None = None
    severity: float | None = None
    """`category` and `severity` are None where the filing was indexed without being scored."""
    novelty: float | None = None
    """None also where no earlier filing was known."""


@dataclass(frozen=True, slots=True, eq=False)
class Neighbour:
    """A stored factor and how close it is to what was searched for."""

    factor: StoredFactor
    similarity: float
    """The highest cosine of any of the factor's chunks, -1 to 1."""


class RiskFactorStore(Protocol):
    """The risk factors of all filings, written by many processes at once.

    A filing is known by ticker, filing year and form. Every method raises `StoreUnavailable` when the store
    can't be reached or goes on failing after a few attempts, and `ValueError` for arguments that break what
    is said here.
    """

    def replace_filing(self, ticker: str, filing_year: int, form: str, factors: Sequence[StoredFactor]) -> None:
        """Make `factors` the whole of what is stored of this filing; none forgets the filing.

        Readers see either all earlier factors or all new ones, also when this process is killed on the way
        and when several processes store the same filing: then the factors of one of them are the whole.
        """
        ...

    def history(self, ticker: str, before_year: int) -> Sequence[StoredFactor]:
        """The factors of the company's filings of strictly earlier years, by filing year, form and position.

        Only filings in force count (see `streams.stores.precedence`).
        """
        ...

    def nearest(self, vector: Vectors, *, limit: int, ticker: str | None = None) -> Sequence[Neighbour]:
        """The `limit` factors, of all companies or one, with a chunk closest to `vector`; the closest first.

        `vector` is a unit vector, shape (dimensions,). Filings not in force are searched too.
        """
        ...

    def close(self) -> None:
        """Let go of connections and files; the store can't be used afterwards."""
        ...


class StoreUnavailable(TransientFault):
    """The store can't be reached or keeps failing; the filing is worth another attempt later."""


class StoreMismatch(Exception):
    """The store holds vectors of another model or rows of another layout; no retry helps."""

    type = "store_mismatch"
