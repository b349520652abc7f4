"""Measure embedding on this processor, and whole filings by it.

    [SIGMAK_FILINGS_DIR=...] python -m benchmarks.embedding [--threads N] [--backend B] [--precision P]

Prints JSON: paragraphs a second of each way and its lowest cosine to full precision, the recommended setting;
with real filings, the seconds that a new filing takes and that next year's takes with the cache, by the steps of a
worker's own analysis, with a store. On one thread all are seconds of the processor, which other load hardly changes.
"""

import argparse
import gzip
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from benchmarks.labelled import filings_folder
from benchmarks.rig.machine import machine
from schemas.filings import FilingSubmitted
from schemas.risks import RiskAssessment
from streams.analysis.embedding import Backend, Embedder, Precision, SqliteVectorCache
from streams.analysis.embedding.benchmark import Clock, Measured, compare, recommended
from streams.analysis.scoring import Scorer
from streams.pipeline import Pipeline
from streams.stores.lance import LanceStore
from streams.stores.protocol import VectorSpace
from transport.documents import DocumentFolders

FILINGS = ("AAPL_2024-09", "AAPL_2025-09", "IBM_2023-12", "IBM_2024-12")
"""Two companies, a year and the next: the first rewrote most of its risk factors, the second few."""

STEPS = ("reading", "segmenting", "embedding", "scoring", "storing")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--backend", choices=get_args(Backend), default="openvino")
    parser.add_argument("--precision", choices=get_args(Precision), default="bf16")
    arguments = parser.parse_args()
    threads = arguments.threads
    clock = process_time if threads == 1 else perf_counter
    conditions = machine()
    rows = list(compare(clock, threads=threads))
    measured = [row for row in rows if isinstance(row, Measured)]
    figures: dict[str, Any] = {
        "machine": conditions,
        "threads": threads,
        "seconds_of": "the processor" if threads == 1 else "the clock on the wall",
        "ways": [
            {
                "runtime": row.runtime,
                "paragraphs_a_second": round(row.paragraphs_a_second, 1),
                "lowest_cosine": round(row.lowest_cosine, 6),
            }
            for row in measured
        ],
        "not_measured": [row.why for row in rows if not isinstance(row, Measured)],
        "recommended": recommended(measured),
    }
    if "SIGMAK_FILINGS_DIR" in os.environ:
        figures["filings"] = list(_filings(arguments.backend, arguments.precision, threads, clock))
    print(json.dumps(figures, indent=1))


class _CountingCache:
    """Counts, of the last look, how many vectors were wanted and how many known."""

    def __init__(self, cache: SqliteVectorCache) -> None:
        self._cache = cache
        self.put = cache.put
        self.asked = self.found = 0

    def get(self, keys: Iterable[bytes]) -> dict[bytes, NDArray[np.float32]]:
        wanted = list(keys)
        known = self._cache.get(wanted)
        self.asked, self.found = len(wanted), len(known)
        return known


def _filings(backend: Backend, precision: Precision, threads: int, clock: Clock) -> Iterator[dict[str, Any]]:
    """One filing after the other, in a worker that has just begun and knows nothing."""
    with TemporaryDirectory() as folder:
        file = SqliteVectorCache(Path(folder) / "vectors.sqlite")
        cache = _CountingCache(file)
        embedder = Embedder(backend=backend, precision=precision, threads=threads, cache=cache)
        store = LanceStore(Path(folder) / "store", VectorSpace(embedder.model, embedder.dimensions))
        analysis = Pipeline(DocumentFolders(()), 2**26, embedder, Scorer(embedder), store)
        for name in FILINGS:
            ticker, _, period = name.partition("_")
            document = gzip.decompress((filings_folder() / "10-K" / f"{name}.html.gz").read_bytes())
            filing = FilingSubmitted(ticker=ticker, filing_year=int(period[:4]), html_content=document.decode())
            begun: list[float] = []
            assessment = analysis(filing, lambda _step, begun=begun: begun.append(clock()))  # type: ignore[misc]
            assert isinstance(assessment, RiskAssessment)
            ends = [*begun[1:], clock()]
            yield {
                "filing": name,
                "factors": assessment.totals.risk_factors,
                "by_novelty": assessment.totals.by_novelty,
                "chunks": cache.asked,
                "chunks_known": cache.found,
                **{f"{step}_s": round(end - start, 3) for step, start, end in zip(STEPS, begun, ends, strict=True)},
                "all_but_embedding_s": round(ends[-1] - begun[0] - (ends[2] - begun[2]), 3),
                "all_s": round(ends[-1] - begun[0], 3),
            }
        store.close()
        file.close()


if __name__ == "__main__":
    main()
