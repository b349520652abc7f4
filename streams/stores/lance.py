"""The embedded store: a LanceDB table in a folder that all workers of one machine share. No server.

Importing this module takes over a second (LanceDB), so import it where a store is opened.

A filing is replaced by two commits, each of them atomic: its new rows are appended under a higher revision,
then the rows of lower revisions are deleted. A reader takes the highest revision of each filing. So a process
that dies between the two leaves the new filing, whole; and appends are the one operation that concurrent
writers never have to repeat. A merge (`merge_insert`) would be one commit, but two of them at once for the
same filing keep the rows of both.
"""

import logging
import random
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar, cast

import numpy as np
import pyarrow as pa

from streams.stores.arguments import check_factors, check_query
from streams.stores.lance_revisions import FILING, REVISION, newest_revisions, of_revisions
from streams.stores.lance_rows import from_rows, schema, to_rows
from streams.stores.lean_lancedb import BTree, Expr, LanceVectorQueryBuilder, Table, col, connect, lit
from streams.stores.precedence import filings_in_force
from streams.stores.protocol import (
    Neighbour,
    StoredFactor,
    StoreMismatch,
    StoreUnavailable,
    Vectors,
    VectorSpace,
)
from streams.stores.revisions import Filing, revision_after

_TABLE = "risk_factors"

_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds before each further attempt. What lasts longer than their sum is for the retry topic."""

_FAULTS = (RuntimeError, OSError)
"""Raised by LanceDB for failing storage and commits that keep losing; wrong arguments are ValueErrors."""

_KEEP_VERSIONS = timedelta(minutes=10)
"""A read needs its version of the table for milliseconds; a process that was suspended longer reads again."""

_SPARE = 20
"""How many more neighbours are fetched than asked for: rows of a lower revision may be among them."""

_log = logging.getLogger(__name__)
_P = ParamSpec("_P")
_T = TypeVar("_T")


class LanceStore:
    """A `RiskFactorStore` in a folder. Many threads and processes may use it; it does not survive a fork.

    Args:
        path: the folder; made where it is missing.
        space: the model that the vectors come from.
        index_every: commits between two rebuilds of the ticker index. Every write adds a fragment to the
            table, and a read without the index opens all of them.
        compact_every: commits between two compactions. They rewrite the whole table and drop versions that
            nobody reads any more; without them each commit writes an ever longer list of fragments.

    Raises:
        StoreUnavailable: where the folder can't be opened.
        StoreMismatch: where it holds the vectors of another model, or another layout.
    """

    def __init__(self, path: Path, space: VectorSpace, *, index_every: int = 64, compact_every: int = 1024) -> None:
        self._path = path
        self._space = space
        self._index_every = index_every
        self._compact_every = compact_every
        self._opened: Table | None = None
        self._attempt(lambda _: None)

    def replace_filing(self, ticker: str, filing_year: int, form: str, factors: Sequence[StoredFactor]) -> None:
        """As in `RiskFactorStore`."""
        filing = (ticker, filing_year, form)
        check_factors(filing, factors, self._space)
        self._attempt(self._replace, filing, factors)

    def history(self, ticker: str, before_year: int) -> Sequence[StoredFactor]:
        """As in `RiskFactorStore`."""
        earlier = (col("ticker") == lit(ticker)) & (col("filing_year") < lit(before_year))
        rows = self._attempt(_read, earlier)
        newest = newest_revisions(rows)
        in_force = filings_in_force([(year, form) for _, year, form in newest])
        factors = from_rows(of_revisions(rows, newest.values()))
        return sorted(
            (factor for factor in factors if (factor.filing_year, factor.form) in in_force),
            key=lambda factor: (factor.filing_year, factor.form, factor.position),
        )

    def nearest(self, vector: Vectors, *, limit: int, ticker: str | None = None) -> Sequence[Neighbour]:
        """As in `RiskFactorStore`."""
        check_query(vector, self._space)
        fetched = limit + _SPARE
        while True:
            rows, stored = self._attempt(_search, vector, fetched, ticker)
            factors = from_rows(of_revisions(rows, newest_revisions(stored).values()))
            if len(factors) >= limit or rows.num_rows < fetched:
                break
            fetched *= 4
        found = [Neighbour(factor, float(np.max(factor.vectors @ vector))) for factor in factors]
        found.sort(key=lambda neighbour: (-neighbour.similarity, neighbour.factor.id))
        return found[:limit]

    def close(self) -> None:
        """As in `RiskFactorStore`."""
        self._opened = None

    def _replace(self, table: Table, filing: Filing, factors: Sequence[StoredFactor]) -> None:
        of_filing = _equal(zip(FILING, filing, strict=True))
        earlier = _read(table, of_filing, [REVISION]).column(REVISION).to_pylist()
        if not factors:
            if earlier:
                table.delete(of_filing)
            return
        revision = revision_after(earlier)
        appended = table.add(to_rows(factors, revision, self._space)).version
        last = table.delete(of_filing & (col(REVISION) < lit(revision))).version if earlier else appended
        self._maintain(table, appended, last)

    def _maintain(self, table: Table, first: int, last: int) -> None:
        """Index or compact the table when one of the versions `first` to `last` is due.

        The version counts the commits of all processes, so the work falls to one of them without agreement. A
        filing in so many pays for it with a wait; a follower that does only this would be one more to run.
        """

        def is_due(every: int) -> bool:
            return last // every > (first - 1) // every

        try:
            if is_due(self._compact_every):
                table.optimize(cleanup_older_than=_KEEP_VERSIONS)
            elif is_due(self._index_every):
                table.create_index("ticker", config=BTree(), replace=True)
        except _FAULTS as fault:  # the filing is stored; the next version that is due repeats this
            _log.warning("The vector store was not tidied up at version %d: %s", last, fault)

    def _attempt(self, operation: Callable[Concatenate[Table, _P], _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Run an operation that may be repeated, a few times; a folder that was removed is made anew."""
        pauses = iter(_PAUSES)
        while True:
            try:
                return operation(self._table(), *args, **kwargs)
            except _FAULTS as fault:
                self._opened = None
                pause = next(pauses, None)
                if pause is None:
                    raise StoreUnavailable(
                        f"The vector store in {self._path} keeps failing ({fault}). "
                        "Is the folder writable, and its disk not full?"
                    ) from fault
                _log.info("The vector store failed and is tried again: %s", fault)
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 (spreads colliding processes)

    def _table(self) -> Table:
        if self._opened is None:
            # Interval 0: each operation looks for the newest version, so it sees what other processes stored.
            database = connect(self._path, read_consistency_interval=timedelta(0))
            wanted = schema(self._space)
            try:
                table = database.open_table(_TABLE)
            except ValueError:  # no such table; where several processes find that at once, one creates it
                table = database.create_table(_TABLE, schema=wanted, exist_ok=True)
            if not table.schema.equals(wanted, check_metadata=True):
                raise StoreMismatch(
                    f"The vector store in {self._path} holds {_described(table.schema)}; "
                    f"this program takes {_described(wanted)}. Index the filings again, into another folder."
                )
            self._opened = table
        return self._opened


def _read(table: Table, where: Expr, columns: list[str] | None = None) -> pa.Table:
    query = table.search().where(where)
    return (query.select(columns) if columns else query).to_arrow()


def _search(table: Table, vector: Vectors, limit: int, ticker: str | None) -> tuple[pa.Table, pa.Table]:
    """The rows nearest to the vector, and the revisions of all that is stored of their companies."""
    query = cast("LanceVectorQueryBuilder", table.search(vector, vector_column_name="vectors"))
    query.distance_type("cosine").limit(limit)
    if ticker is not None:
        query.where(col("ticker") == lit(ticker), prefilter=True)
    rows = query.to_arrow()
    companies = set(rows.column("ticker").to_pylist())
    stored = _read(table, col("ticker").isin(sorted(companies)), [*FILING, REVISION])
    return rows, stored


def _equal(pairs: Iterable[tuple[str, str | int]]) -> Expr:
    first, *others = (col(name) == lit(value) for name, value in pairs)
    for other in others:
        first &= other
    return first


def _described(layout: pa.Schema) -> str:
    metadata = {key.decode(): value.decode() for key, value in (layout.metadata or {}).items()}
    model = metadata.get("embedding_model", "an unnamed model")
    return f"vectors of {model} as {layout.field('vectors').type}, layout {metadata.get('layout', 'unknown')}"
