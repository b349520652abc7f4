"""Accuracy and speed of reading, against the filings that `SIGMAK_FILINGS_DIR` names; prints one JSON document.

    python -m benchmarks.extraction [--repeat N]

Speed is measured in one process, one filing after the other, as the best of N runs each, against the time that
lxml takes only to parse the same bytes. Plain-text filings are left out of the ratio: nothing in them is parsed.
"""

import argparse
import gzip
import json
import os
import re
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TypeVar

from lxml import etree

from streams.analysis.reading import Item1A, RiskFactorText, read_item_1a, segment, warnings_of

STATUS = {
    "present": "found",
    "not_applicable": "not_required",
    "by_reference": "incorporated_by_reference",
    "absent": "not_found",
}
"""The names that truth has for the status, and ours."""

OWN_HEADINGS = Path(__file__).parent / "true_headings.json"
"""The headings of filings of `more/` that were read wrong once, or whose given list is wrong, as a person read them."""

FLOOR = 0.95
"""Precision and recall from which a list of headings counts as right."""

TOLERANCE = 60
"""Letters and digits by which an end of the item may be off."""

SAME_SHARE = 0.8
"""A heading also matches one that contains it, if it has at least this share of its length."""

T = TypeVar("T")

_NO_OFFSET = 10**6
_PROBE = 50
"""Letters and digits at an end of the item by which the place is found in the other text."""


@dataclass(frozen=True, slots=True)
class Filing:
    """A filing with its truth; `headings` is None if no list is known, `item` empty if its text is not."""

    name: str
    data: bytes
    status: str
    item: str
    headings: tuple[str, ...] | None
    ends: tuple[str, str] | None = None
    """The first and last words, if only these are known of the item's text."""


def filings(folder: Path) -> Iterator[Filing]:
    """The filings of the folder whose Item 1A is known, one at a time."""
    headings = json.loads((folder / "headings.json").read_text())
    for name, truth in json.loads((folder / "truth.json").read_text()).items():
        item = folder / "item1a" / f"{name.rsplit('.', 1)[0]}.txt.gz"
        yield Filing(
            name=name,
            data=gzip.decompress((folder / "10-K" / f"{name}.gz").read_bytes()),
            status=STATUS[truth["status"]],
            item=gzip.decompress(item.read_bytes()).decode() if item.exists() else "",
            headings=tuple(headings[name]["headings"]) if name in headings else None,
        )


def further_filings(folder: Path) -> Iterator[Filing]:
    """The filings of `more/`: with the headings of `verdicts.json`, or with our own if those are wrong or not known."""
    own = json.loads(OWN_HEADINGS.read_text())
    for name, verdict in json.loads((folder / "more" / "verdicts.json").read_text()).items():
        right = verdict["verdict"] == "right"
        yield Filing(
            name=name,
            data=gzip.decompress((folder / "more" / f"{name}.gz").read_bytes()),
            status=verdict["status"],
            item="",
            headings=tuple(own[name] if name in own else verdict["headings"]),
            ends=(verdict["start"], verdict["end"]) if right else None,
        )


def end_offsets(item: Item1A, filing: Filing) -> tuple[int, int]:
    """By how many letters and digits the item's start and end lie outside (+) or inside (-) of the true ones."""
    if filing.ends is not None:
        return _offset(_letters(item.text), _letters(filing.ends[0])), _offset(
            _letters(item.text)[::-1], _letters(filing.ends[1])[::-1]
        )
    found, true = _letters(item.text), _letters(filing.item)
    return _offset(found, true), _offset(found[::-1], true[::-1])


def is_right(item: Item1A, filing: Filing) -> bool:
    """Whether the status is right, and both ends are within the tolerance."""
    if item.status != filing.status:
        return False
    if filing.status == "not_found":
        return not item.text
    if not filing.item and filing.ends is None:
        return True
    return all(abs(offset) <= TOLERANCE for offset in end_offsets(item, filing))


def heading_measures(found: Sequence[str], true: Sequence[str]) -> tuple[float, float]:
    """Precision and recall of a list of headings; 0 where there is nothing to divide by."""
    right = sum(any(_same(heading, other) for other in true) for heading in found)
    recalled = sum(any(_same(heading, other) for other in found) for heading in true)
    return right / len(found) if found else 0.0, recalled / len(true) if true else 0.0


def measure(folder: Path, repeat: int) -> dict[str, object]:
    """All figures of all filings."""
    rows: list[dict[str, object]] = []
    parsing = reading = html_reading = html_bytes = 0.0
    slowest = 0.0
    for filing in chain(filings(folder), further_filings(folder)):
        item, factors, seconds = _timed_reading(filing.data, repeat)
        row: dict[str, object] = {
            "file": filing.name,
            "right": is_right(item, filing),
            "status": item.status,
            "form": item.form,
            "risk_factors": len(factors),
            "heading_source": factors[0].heading_source if factors else None,
            "warnings": warnings_of(factors),
            "seconds": round(seconds, 4),
        }
        if filing.headings is not None:
            precision, recall = heading_measures([factor.heading for factor in factors], filing.headings)
            row |= {
                "precision": round(precision, 3),
                "recall": round(recall, 3),
                "headings_right": min(precision, recall) >= FLOOR,
            }
        rows.append(row)
        reading += seconds
        slowest = max(slowest, seconds)
        if filing.name.endswith(".html"):
            parsing += _best(lambda data=filing.data: etree.HTML(data), repeat)[1]  # type: ignore[misc]
            html_reading += seconds
            html_bytes += len(filing.data)
    return {
        "filings": len(rows),
        "right": sum(bool(row["right"]) for row in rows),
        "headings": {
            kind: _headings_right([row for row in rows if str(row["file"]).endswith(kind)])
            for kind in (".html", ".txt")
        },
        "seconds": round(reading, 3),
        "slowest_seconds": round(slowest, 4),
        "lxml_parse_seconds": round(parsing, 3),
        "ratio_to_lxml_parse": round(html_reading / parsing, 2),
        "megabytes_per_second": round(html_bytes / html_reading / 1e6, 1),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "by_filing": rows,
    }


def _headings_right(rows: Sequence[dict[str, object]]) -> dict[str, object]:
    """Of the filings whose headings are known: how many there are, how many are right, and the lowest measures."""
    listed = [row for row in rows if "precision" in row]
    return {
        "known": len(listed),
        "right": sum(bool(row["headings_right"]) for row in listed),
        "lowest_precision": min((row["precision"] for row in listed), default=None),  # type: ignore[type-var]
        "lowest_recall": min((row["recall"] for row in listed), default=None),  # type: ignore[type-var]
    }


def _timed_reading(data: bytes, repeat: int) -> tuple[Item1A, tuple[RiskFactorText, ...], float]:
    def read() -> tuple[Item1A, tuple[RiskFactorText, ...]]:
        item = read_item_1a(data)
        return item, segment(item)

    (item, factors), seconds = _best(read, repeat)
    return item, factors, seconds


def _best(work: Callable[[], T], repeat: int) -> tuple[T, float]:
    """The last result, and the shortest time that the work took."""
    shortest = float("inf")
    for _ in range(repeat):
        start = time.perf_counter()
        result = work()
        shortest = min(shortest, time.perf_counter() - start)
    return result, shortest


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text)


def _offset(found: str, true: str) -> int:
    outside = found.find(true[:_PROBE])
    if outside >= 0:
        return outside
    inside = true.find(found[:_PROBE])
    return -inside if found and inside >= 0 else _NO_OFFSET


def _same(heading: str, other: str) -> bool:
    one, two = (" ".join(re.findall(r"\w+", text.casefold())) for text in (heading, other))
    short, long = sorted((one, two), key=len)
    return short == long or (short in long and len(short) >= SAME_SHARE * len(long))


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    folder = os.environ.get("SIGMAK_FILINGS_DIR")
    if folder is None:
        sys.exit("SIGMAK_FILINGS_DIR must name the folder of real filings.")
    json.dump(measure(Path(folder), arguments.repeat), sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
