"""Measure embedding on this processor, and whole filings by it.

    [SIGMAK_FILINGS_DIR=...] python -m benchmarks.embedding [--threads N]

Prints JSON: paragraphs a second of each way and its lowest cosine to full precision, the recommended setting;
with real filings, the seconds that a new filing takes and that next year's takes with the cache.
"""

import argparse
import gzip
import json
import os
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from benchmarks.labelled import filings_folder
from benchmarks.rig.machine import processor
from streams.analysis.embedding import Embedder, SqliteVectorCache
from streams.analysis.embedding.benchmark import compare, recommended
from streams.analysis.reading import read_item_1a, segment
from streams.analysis.scoring import Scorer, StoredText, full_text

THIS_YEAR, NEXT_YEAR = ("AAPL_2024-09", 2024), ("AAPL_2025-09", 2025)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--threads", type=int, default=1)
    threads = parser.parse_args().threads
    measured = compare(perf_counter, threads=threads)
    figures: dict[str, Any] = {
        "processor": processor(),
        "threads": threads,
        "ways": [
            asdict(row)
            | {
                "paragraphs_a_second": round(row.paragraphs_a_second, 1),
                "lowest_cosine": round(row.lowest_cosine, 6),
            }
            for row in measured
        ],
        "recommended_precision": recommended(measured).precision,
    }
    if "SIGMAK_FILINGS_DIR" in os.environ:
        figures["filings"] = _filings(threads)
    print(json.dumps(figures, indent=1))


def _filings(threads: int) -> list[dict[str, Any]]:
    rows = []
    with TemporaryDirectory() as folder:
        cache = SqliteVectorCache(Path(folder) / "vectors.sqlite")
        embedder = Embedder(threads=threads, cache=cache)
        scorer = Scorer(embedder)
        history: list[StoredText] = []
        for filing, year in (THIS_YEAR, NEXT_YEAR):
            document = gzip.decompress((filings_folder() / "10-K" / f"{filing}.html.gz").read_bytes())
            started = perf_counter()
            item = read_item_1a(document)
            factors = segment(item)
            read = perf_counter()
            vectors = embedder.embed([full_text(factor) for factor in factors])
            embedded = perf_counter()
            scorer.assess(ticker=filing, filing_year=year, item=item, factors=factors, vectors=vectors, history=history)
            scored = perf_counter()
            history = [
                StoredText(year, factor.heading, factor.text, of_factor)
                for factor, of_factor in zip(factors, vectors, strict=True)
            ]
            rows.append(
                {
                    "filing": filing,
                    "factors": len(factors),
                    "chunks": sum(map(len, vectors)),
                    "reading_s": round(read - started, 3),
                    "embedding_s": round(embedded - read, 3),
                    "scoring_s": round(scored - embedded, 3),
                    "all_s": round(scored - started, 3),
                }
            )
        cache.close()
    return rows


if __name__ == "__main__":
    main()
