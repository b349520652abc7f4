"""Filings robbed of their emphasis: how well headings are found that only place and wording tell.

python -m benchmarks.unmarked_headings

Each visible item whose headings are emphasised and stand in paragraphs of their own is written as plain text, without
page furniture, and read again. Truth is what was read of the original. Prints one JSON document.
"""

import json
import os
import sys
import textwrap
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from statistics import mean

from benchmarks.extraction import FLOOR, filings, further_filings, heading_measures
from streams.analysis.reading import Item1A, RiskFactorText, read_item_1a, segment

_WIDTH = 76
_BULLETS = ("\u2022", "\u00b7", "\u25e6", "o ", "-", "*")


def as_plain_text(item: Item1A) -> bytes:
    """A small 10-K in plain text with this Item 1A, one paragraph a block."""
    paragraphs = [
        textwrap.fill(("o    " if block.listed and not text.startswith(_BULLETS) else "") + text, _WIDTH)
        for block in item.blocks
        if not block.furniture and (text := item.text[block.start : block.end])
    ]
    parts = [
        "FORM 10-K",
        "For the fiscal year ended December 31, 2006",
        "Item 1. Business",
        "None.",
        "Item 1A. Risk Factors",
    ]
    return "\n\n".join(
        [*parts, *paragraphs, "Item 1B. Unresolved Staff Comments", "None.", "Item 2. Properties"]
    ).encode()


def headings_stand_alone(item: Item1A, factors: Sequence[RiskFactorText]) -> bool:
    """Whether emphasis marks the headings, and most are paragraphs of their own."""
    paragraphs = {item.text[block.start : block.end].rstrip(". ") for block in item.blocks}
    alone = sum(factor.heading.rstrip(". ") in paragraphs for factor in factors)
    return bool(factors) and factors[0].heading_source == "emphasis" and 2 * alone > len(factors)


def measure(folder: Path) -> dict[str, object]:
    """Precision and recall of each filing, and their means."""
    rows = []
    for filing in chain(filings(folder), further_filings(folder)):
        item = read_item_1a(filing.data)
        factors = segment(item)
        if headings_stand_alone(item, factors):
            found = segment(read_item_1a(as_plain_text(item)))
            precision, recall = heading_measures(
                [factor.heading for factor in found], [factor.heading for factor in factors]
            )
            rows.append({"file": filing.name, "precision": round(precision, 3), "recall": round(recall, 3)})
    measures = [(float(str(row["precision"])), float(str(row["recall"]))) for row in rows]
    return {
        "filings": len(rows),
        "right": sum(min(both) >= FLOOR for both in measures),
        "mean_precision": round(mean(precision for precision, _ in measures), 3),
        "mean_recall": round(mean(recall for _, recall in measures), 3),
        "by_filing": rows,
    }


def main() -> None:
    """Measure, and print."""
    folder = os.environ.get("SIGMAK_FILINGS_DIR")
    if folder is None:
        sys.exit("SIGMAK_FILINGS_DIR must name the folder of real filings.")
    json.dump(measure(Path(folder)), sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
