"""How long the embedded vector store takes to read a history and to store a filing. Prints JSON.

Each filing is of a company's next year: its history is read, then it is stored, as a worker does. Vectors are
random.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from uuid import UUID

import numpy as np

from streams.stores.lance import LanceStore
from streams.stores.protocol import StoredFactor, Vectors, VectorSpace

SPACE = VectorSpace("random", 384)
YEARS = 10
CHUNKS = 3
"""Of a factor."""
TEXT = "The quick brown fox jumps over the lazy dog. " * 45


def main() -> None:
    """Measure with the sizes of the command line."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--filings", type=int, default=300)
    arguments.add_argument("--factors", type=int, default=40, help="a filing")
    arguments.add_argument("--index-every", type=int, default=64)
    arguments.add_argument("--compact-every", type=int, default=1024)
    print(json.dumps(measure(**vars(arguments.parse_args())), indent=2))


def measure(filings: int, factors: int, index_every: int, compact_every: int) -> dict[str, object]:
    """Milliseconds of each operation over so many filings, stored into a new folder."""
    random = np.random.default_rng(0)
    reads: list[float] = []
    writes: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        store = LanceStore(Path(folder), SPACE, index_every=index_every, compact_every=compact_every)
        for number in range(filings):
            year, company = divmod(number, max(filings // YEARS, 1))
            ticker = f"T{company}"
            filing = [_factor(ticker, 2000 + year, place, _unit(random)) for place in range(factors)]
            start = time.perf_counter()
            store.history(ticker, 2000 + year)
            read = time.perf_counter()
            store.replace_filing(ticker, 2000 + year, "10-K", filing)
            reads.append(read - start)
            writes.append(time.perf_counter() - read)
        start = time.perf_counter()
        store.nearest(_unit(random)[0], limit=10)
        nearest = time.perf_counter() - start
        size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
    return {
        "filings": filings,
        "factors_a_filing": factors,
        "index_every": index_every,
        "compact_every": compact_every,
        "history_ms": _summary(reads),
        "replace_filing_ms": _summary(writes),
        "nearest_of_all_ms": round(nearest * 1000, 1),
        "folder_mb": round(size / 1e6, 1),
    }


def _unit(random: np.random.Generator) -> Vectors:
    vectors: Vectors = random.standard_normal((CHUNKS, SPACE.dimensions)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def _factor(ticker: str, year: int, position: int, vectors: Vectors) -> StoredFactor:
    return StoredFactor(
        id=str(UUID(int=hash((ticker, year, position)) % 2**128)),
        ticker=ticker,
        filing_year=year,
        form="10-K",
        position=position,
        section="",
        heading="A heading of a risk factor, as long as they are in most filings of this kind.",
        text=TEXT,
        vectors=vectors,
    )


def _summary(seconds: list[float]) -> dict[str, float]:
    """Over the last tenth, where the table is at its fullest, and the worst of all."""
    last = seconds[-max(len(seconds) // 10, 20) :]
    return {
        "median": round(statistics.median(last) * 1000, 1),
        "p95": round(statistics.quantiles(last, n=20)[-1] * 1000, 1),
        "mean_of_all": round(statistics.fmean(seconds) * 1000, 1),
        "worst_of_all": round(max(seconds) * 1000, 1),
    }


if __name__ == "__main__":
    main()
