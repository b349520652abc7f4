"""The store of several machines: collections of a Weaviate server.

Importing this module takes as long as Weaviate's client does, so import it where a store is opened.

A filing is replaced in four steps: the chunks of a new revision are inserted, then the revision itself, then the
lower revisions of the filing are deleted, then their chunks. A reader takes the highest revision of each filing,
reads its chunks, and where one is missing, which says that the revision was replaced under its eyes, reads again.
So a process that dies on the way leaves one whole version, and the next write of the filing clears what it left.
A filing without risk factors is a revision without chunks: were it deleted instead, a slower writer whose chunks
went with it could still make a broken revision the highest.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np
from weaviate.classes.config import ConsistencyLevel
from weaviate.classes.data import DataObject
from weaviate.classes.query import Filter, Sort
from weaviate.collections import Collection
from weaviate.collections.classes.filters import FilterReturn
from weaviate.exceptions import WeaviateInsertManyAllFailedError

from streams.stores.arguments import check_factors, check_query
from streams.stores.precedence import filings_in_force
from streams.stores.protocol import Neighbour, StoredFactor, StoreUnavailable, Vectors, VectorSpace
from streams.stores.revisions import Filing, revision_after
from streams.stores.weaviate_address import WeaviateAddress
from streams.stores.weaviate_connection import Connection, connect, faults_are_ours
from streams.stores.weaviate_objects import (
    Properties,
    Span,
    chunk_objects,
    factors_of,
    revision_object,
    span_of_factor,
)
from streams.stores.weaviate_schema import PREFIX, Collections, check_collections, collections, create_collections

_INSERTED_AT_ONCE = 100
_READ_AT_ONCE = 1000
"""Chunks in a request: both keep it far below the 100 MB that Weaviate's gRPC takes."""

_MOST_RESULTS = 10_000
"""Weaviate gives and deletes no more at once (its QUERY_MAXIMUM_RESULTS)."""

_SPARE = 20
"""How many more neighbours are fetched than asked for: chunks of a lower revision may be among them."""

_READS = 40
_PAUSE = 0.02
"""How often, and seconds apart, a filing is read that is replaced each time; a replacement takes about as long."""

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


def init_collections(address: WeaviateAddress, space: VectorSpace, prefix: str = PREFIX) -> list[str]:
    """Make the collections that are missing; returns their names.

    Raises:
        StoreUnavailable: where Weaviate does not answer.
        StoreMismatch: where a collection is there, but of another model or layout.
    """
    client = connect(address)
    try:
        with faults_are_ours(address):
            made = create_collections(client, space, prefix)
            check_collections(collections(client, prefix), space)
            return made
    finally:
        client.close()


class WeaviateStore:
    """A `RiskFactorStore` in a Weaviate. Many threads and processes may use it; it does not survive a fork.

    Args:
        address: the server.
        space: the model that the vectors come from.
        prefix: what the names of the collections begin with.

    Raises:
        StoreUnavailable: where Weaviate does not answer.
        StoreMismatch: where the collections are missing, or are of another model or layout.
    """

    def __init__(self, address: WeaviateAddress, space: VectorSpace, prefix: str = PREFIX) -> None:
        self._space, self._prefix = space, prefix
        self._connection = Connection(address)
        try:
            with self._collections() as there:
                check_collections(there, space)
        except BaseException:
            self._connection.close()
            raise

    def replace_filing(self, ticker: str, filing_year: int, form: str, factors: Sequence[StoredFactor]) -> None:
        """As in `RiskFactorStore`."""
        filing = (ticker, filing_year, form)
        check_factors(filing, factors, self._space)
        with self._collections() as there:
            of_filing = _equal("ticker", ticker) & _equal("filing_year", filing_year) & _equal("form", form)
            revision = revision_after([*_begun(there, of_filing), *_written(there, of_filing)])
            chunks = chunk_objects(filing, revision, factors)
            _insert(there.chunks, chunks, filing)
            _insert(there.revisions, [revision_object(filing, revision, len(chunks))], filing)
            lower = of_filing & Filter.by_property("revision").less_than(revision)
            _delete(there.revisions, lower)
            _delete(there.chunks, lower)

    def history(self, ticker: str, before_year: int) -> Sequence[StoredFactor]:
        """As in `RiskFactorStore`."""
        earlier = _equal("ticker", ticker) & Filter.by_property("filing_year").less_than(before_year)

        def read(there: Collections) -> list[StoredFactor]:
            newest = {filing: span for filing, span in _newest(there, earlier).items() if span.count}
            in_force = filings_in_force([(year, form) for _, year, form in newest])
            spans = [span for (_, year, form), span in newest.items() if (year, form) in in_force]
            return [factor for span in spans for factor in _factors(there, span)]

        factors = self._undisturbed(read)
        return sorted(factors, key=lambda factor: (factor.filing_year, factor.form, factor.position))

    def nearest(self, vector: Vectors, *, limit: int, ticker: str | None = None) -> Sequence[Neighbour]:
        """As in `RiskFactorStore`."""
        check_query(vector, self._space)

        def read(there: Collections) -> list[StoredFactor]:
            return [factor for span in _nearest(there, vector, limit, ticker) for factor in _factors(there, span)]

        found = [Neighbour(factor, float(np.max(factor.vectors @ vector))) for factor in self._undisturbed(read)]
        return sorted(found, key=lambda neighbour: (-neighbour.similarity, neighbour.factor.id))

    def close(self) -> None:
        """As in `RiskFactorStore`."""
        self._connection.close()

    @contextmanager
    def _collections(self) -> Iterator[Collections]:
        """Both, on a connection; raises StoreUnavailable from the block, too."""
        # With several replicas, what was written is read by the next request.
        quorum = ConsistencyLevel.QUORUM
        with self._connection.client() as client:
            there = collections(client, self._prefix)
            yield Collections(
                there.revisions.with_consistency_level(quorum), there.chunks.with_consistency_level(quorum)
            )

    def _undisturbed(self, read: Callable[[Collections], _T]) -> _T:
        """What `read` returns as soon as no filing is replaced meanwhile."""
        for _ in range(_READS):
            try:
                with self._collections() as there:
                    return read(there)
            except _Incomplete as fault:
                incomplete = fault
            time.sleep(_PAUSE)
        raise StoreUnavailable(f"{incomplete}, and it was not replaced by a whole one; index the filing again.")


def _written(there: Collections, of_filing: FilterReturn) -> list[str]:
    return [each["revision"] for each in _revisions(there, of_filing)]


def _begun(there: Collections, of_filing: FilterReturn) -> list[str]:
    """The highest revision that any chunk has, also of a write that did not come to its end."""
    last = Sort.by_property("revision", ascending=False)
    found = there.chunks.query.fetch_objects(filters=of_filing, sort=last, limit=1, return_properties=["revision"])
    return [str(each.properties["revision"]) for each in found.objects]


def _revisions(there: Collections, where: FilterReturn) -> list[Properties]:
    found = there.revisions.query.fetch_objects(filters=where, limit=_MOST_RESULTS)
    return [dict(each.properties) for each in found.objects]


def _newest(there: Collections, where: FilterReturn) -> dict[Filing, Span]:
    """Per filing its highest revision, as the span of all its chunks."""
    newest: dict[Filing, Span] = {}
    for each in sorted(_revisions(there, where), key=lambda each: str(each["revision"])):
        filing = (each["ticker"], int(each["filing_year"]), each["form"])
        newest[filing] = Span(each["revision"], 0, int(each["chunks"]))
    return newest


def _nearest(there: Collections, vector: Vectors, limit: int, ticker: str | None) -> list[Span]:
    """The factors with the nearest chunks, as spans."""
    # With a filter, here one that all pass, Weaviate compares up to 40,000 vectors one by one. The graph that it
    # follows otherwise may miss whatever lies behind a crowd of equal vectors, as boilerplate has them.
    every = Filter.by_property("number").greater_or_equal(0)
    searched = every if ticker is None else _equal("ticker", ticker)
    fetched = limit + _SPARE
    while True:
        fetched = min(fetched, _MOST_RESULTS)
        answer = there.chunks.query.near_vector(
            vector.tolist(),
            filters=searched,
            limit=fetched,
            return_properties=["ticker", "revision", "factor_start", "factor_chunks"],
        )
        hits: list[Properties] = [dict(each.properties) for each in answer.objects]
        companies = sorted({hit["ticker"] for hit in hits})
        stored = _newest(there, Filter.by_property("ticker").contains_any(companies)) if hits else {}
        in_force = {span.revision for span in stored.values()}
        # Of several chunks of a factor the nearest comes first, and gives it its place.
        spans = list(dict.fromkeys(span_of_factor(hit) for hit in hits if hit["revision"] in in_force))
        if len(spans) >= limit or len(hits) < fetched or fetched == _MOST_RESULTS:
            return spans[:limit]
        fetched *= 4


def _factors(there: Collections, span: Span) -> list[StoredFactor]:
    """The factors of a span.

    Raises:
        _Incomplete: where not all of its chunks are there.
    """
    chunks: list[tuple[Properties, Any]] = []
    for start in range(span.start, span.start + span.count, _READ_AT_ONCE):
        end = min(start + _READ_AT_ONCE, span.start + span.count)
        number = Filter.by_property("number")
        found = there.chunks.query.fetch_objects(
            filters=_equal("revision", span.revision) & number.greater_or_equal(start) & number.less_than(end),
            include_vector=True,
            limit=_READ_AT_ONCE,
        )
        chunks += [(dict(each.properties), each.vector["default"]) for each in found.objects]
    if len(chunks) != span.count:
        raise _Incomplete(f"Weaviate has {len(chunks)} of {span.count} chunks of revision {span.revision}")
    chunks.sort(key=lambda chunk: int(chunk[0]["number"]))
    return factors_of(chunks)


class _Incomplete(Exception):
    """A revision lacks chunks: it is being deleted, as a higher one was written."""


def _equal(name: str, value: str | int) -> FilterReturn:
    return Filter.by_property(name).equal(value)


def _insert(collection: Collection, objects: Sequence[DataObject[Properties, None]], filing: Filing) -> None:
    """Insert all.

    Raises:
        StoreUnavailable: where some were refused, with how many and why; the log names each.
    """
    errors: dict[str, str] = {}
    for start in range(0, len(objects), _INSERTED_AT_ONCE):
        batch = objects[start : start + _INSERTED_AT_ONCE]
        try:
            answer = collection.data.insert_many(batch)
        except WeaviateInsertManyAllFailedError as fault:
            errors |= {str(each.uuid): fault.message for each in batch}
        else:
            errors |= {str(batch[index].uuid): error.message for index, error in answer.errors.items()}
    if not errors:
        return
    for id_, error in errors.items():
        _log.error("Weaviate refused object %s of %s: %.300s", id_, collection.name, error)
    name = " ".join(map(str, filing))
    reasons = "; ".join(f"{count} x {reason[:200]}" for reason, count in Counter(errors.values()).most_common(3))
    raise StoreUnavailable(
        f"Weaviate refused {len(errors)} of {len(objects)} objects of the filing {name}, "
        f"which stays as it was: {reasons}"
    )


def _delete(collection: Collection, where: FilterReturn) -> None:
    """Delete all that match.

    Raises:
        StoreUnavailable: where some were not deleted.
    """
    while True:
        deleted = collection.data.delete_many(where=where)
        if deleted.failed:
            raise StoreUnavailable(f"Weaviate did not delete {deleted.failed} objects of {collection.name}.")
        if deleted.matches < _MOST_RESULTS:
            return
