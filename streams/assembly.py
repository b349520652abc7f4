"""Builds the analysis that a worker, or a command without a server, runs."""

import contextlib
import logging
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from streams.analysis_port import Analysis, AnalysisNotReady, load_analysis
from streams.faults import TransientFault
from streams.settings import WorkerSettings
from streams.stores.protocol import RiskFactorStore, StoreMismatch, VectorSpace
from streams.stores.weaviate_address import WeaviateAddress
from transport.documents import DocumentFolders

if TYPE_CHECKING:
    from streams.analysis.embedding import Embedder, VectorCache

log = logging.getLogger(__name__)


def preload_analysis(settings: WorkerSettings) -> None:
    """Import what the analysis needs and what survives a fork: no threads, no connections, no models."""
    if settings.analysis is not None:
        with contextlib.suppress(ValueError):  # the child that loads it says what is wrong
            load_analysis(settings.analysis)
        return
    import streams.analysis.embedding
    import streams.analysis.scoring
    import streams.pipeline  # noqa: F401 - LanceDB is not among them: it starts a thread when it is imported


def load_configured_analysis(settings: WorkerSettings) -> Analysis:
    """The analysis that the settings name, ready to run: models are in memory when this returns.

    Raises:
        AnalysisNotReady: where SIGMAK_ANALYSIS names nothing, there is no such model, or the store can't be opened.
    """
    try:
        return _real_analysis(settings) if settings.analysis is None else load_analysis(settings.analysis)
    except (OSError, ValueError, StoreMismatch) as error:
        raise AnalysisNotReady(str(error)) from error
    except TransientFault as error:
        raise AnalysisNotReady(str(error), transient=True) from error


def _real_analysis(settings: WorkerSettings) -> Analysis:
    # Imported here: a worker with another analysis needs neither the model nor the store.
    from streams.analysis.scoring import Scorer
    from streams.pipeline import Pipeline

    embedder = _embedder(settings, cached=True)
    return Pipeline(
        documents=DocumentFolders(settings.document_roots),
        max_document_bytes=settings.max_document_bytes,
        embedder=embedder,
        scorer=Scorer(embedder, settings.severity_weights),
        store=open_store(settings, VectorSpace(embedder.model, embedder.dimensions)),
    )


def configured_embedder(settings: WorkerSettings, *, cached: bool = False) -> "Embedder":
    """The embedder that the settings name; `cached`, it knows what the machine's workers embedded, and adds to it.

    Raises:
        AnalysisNotReady: where there is no such model or backend, or the cache can't be opened.
    """
    try:
        return _embedder(settings, cached=cached)
    except (OSError, ValueError) as error:
        raise AnalysisNotReady(str(error)) from error


def configured_space(settings: WorkerSettings) -> VectorSpace:
    """The space of the model that the settings name.

    Raises:
        AnalysisNotReady: where there is no such model or backend.
    """
    embedder = configured_embedder(settings)
    return VectorSpace(embedder.model, embedder.dimensions)


def open_store(settings: WorkerSettings, space: VectorSpace) -> RiskFactorStore:
    """The store that the settings name.

    Raises:
        StoreUnavailable: where it is away.
        StoreMismatch: where it holds something else, or Weaviate lacks the collections.
    """
    if settings.store == "lancedb":
        from streams.stores.lance import LanceStore

        return LanceStore(settings.store_dir, space)
    from streams.stores.weaviate import WeaviateStore

    return WeaviateStore(weaviate_address(settings), space)


def init_store(settings: WorkerSettings, space: VectorSpace) -> list[str]:
    """Make what the store needs before workers can use it; returns the names of what was missing.

    Raises:
        StoreUnavailable, StoreMismatch: as `open_store`.
    """
    if settings.store == "lancedb":
        # Its table is made by whoever opens it first.
        open_store(settings, space).close()
        return []
    from streams.stores.weaviate import init_collections

    return init_collections(weaviate_address(settings), space)


def weaviate_address(settings: WorkerSettings) -> WeaviateAddress:
    """Where the settings say that Weaviate is."""
    return WeaviateAddress(
        url=settings.weaviate_url,
        grpc_host=settings.weaviate_grpc_host,
        grpc_port=settings.weaviate_grpc_port,
        api_key=settings.weaviate_api_key,
        timeout=settings.weaviate_timeout,
    )


def _embedder(settings: WorkerSettings, *, cached: bool) -> "Embedder":
    from streams.analysis.embedding import Embedder

    return Embedder(
        settings.embedding_model,
        backend=settings.embedding_backend,
        precision=settings.embedding_precision,
        cache=_vector_cache(settings.vector_cache) if cached else None,
    )


def _vector_cache(file: Path) -> "VectorCache | None":
    """The cache in a file; None if it can't be opened: without it the analysis is slower, and the same."""
    from streams.analysis.embedding import SqliteVectorCache

    try:
        return SqliteVectorCache(file)
    except (OSError, sqlite3.Error) as error:
        log.warning("texts are embedded without the vector cache %s: %s", file, error)
        return None
