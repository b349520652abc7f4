"""The labelled risk factors: those that come with the filings and our own (`labels/`), cut from the items.

They are cut by their headings' known places, not by our segmentation: scoring is measured apart from reading.
"""

import gzip
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from schemas.risks import Category
from streams.analysis.reading import read_item_1a, segment
from streams.analysis.scoring import FactorText
from streams.analysis.scoring.text import words

HASH_BYTES = 8

OWN_LABELS = Path(__file__).parent / "labels"


@dataclass(frozen=True, slots=True)
class LabelledFactor:
    """A risk factor with its category, as an analyst read it."""

    company: str
    filing: str
    """The filing's name without ending, as in `TICKER_YYYY-MM`."""
    factor: FactorText
    primary: Category
    acceptable: frozenset[Category]
    """Includes the primary one."""
    own: bool
    """True for a label of ours."""


@dataclass(frozen=True, slots=True)
class YearPair:
    """A filing's risk factors, each `carried`, `revised` or `new` against an earlier filing's text."""

    earlier: str
    later: str
    labels: tuple[tuple[str, str, str | None], ...]
    """Heading, label, heading of the earlier match."""


@dataclass(frozen=True, slots=True)
class Span:
    """A risk factor's full text and the year of its filing."""

    text: str
    filing_year: int


@dataclass(frozen=True, slots=True)
class SeverityPair:
    """Two risk factors, the first of which is the more severe."""

    more: Span
    less: Span
    why: str


def filings_folder() -> Path:
    """The folder that `SIGMAK_FILINGS_DIR` names."""
    return Path(os.environ["SIGMAK_FILINGS_DIR"])


@cache
def item_text(filing: str) -> str:
    """The filing's Item 1A, whitespace collapsed."""
    path = filings_folder() / "item1a" / f"{filing}.txt.gz"
    return " ".join(gzip.decompress(path.read_bytes()).decode().split())


def cut_by_headings(filing: str, headings: Sequence[str]) -> list[FactorText]:
    """The item's text cut where these headings stand, in order. ValueError if one is not there."""
    text, starts = item_text(filing), []
    position = 0
    for heading in headings:
        collapsed = " ".join(heading.split())
        start = text.index(collapsed, position)
        position = start + len(collapsed)
        starts.append((start, position))
    return cut_at(filing, starts)


def cut_at(filing: str, starts: Sequence[tuple[int, int]]) -> list[FactorText]:
    """The item's text cut at these starts and ends of headings, in order."""
    text = item_text(filing)
    ends = [start for start, _ in starts[1:]] + [len(text)]
    return [
        FactorText(text[start:body], text[body:end].strip(), start=start, end=end)
        for (start, body), end in zip(starts, ends, strict=True)
    ]


def labelled_factors() -> list[LabelledFactor]:
    """All factors with a category, in a stable order; each company's own filings one after another."""
    return [*_given(), *_own(), *_more()]


def year_pairs() -> list[YearPair]:
    """The year pairs whose novelty is labelled."""
    content = _json(filings_folder() / "novelty.json")
    pairs = []
    for pair, entries in content.items():
        earlier, later = pair.split("->")
        labels = tuple((entry["heading"], entry["label"], entry.get("match")) for entry in entries)
        pairs.append(YearPair(_stem(earlier), _stem(later), labels))
    return pairs


def severity_pairs() -> list[SeverityPair]:
    """The pairs of risk factors that are ordered by severity."""
    return [
        SeverityPair(_span(pair["more"]), _span(pair["less"]), pair["why"])
        for pair in _json(OWN_LABELS / "severity_pairs.json")
    ]


def _span(place: dict[str, Any]) -> Span:
    filing = place["file"]
    text = item_text(filing)[place["start"] : place["end"]]
    return Span(text, int(filing.split("_")[1].split("-")[0]))


def _given() -> Iterator[LabelledFactor]:
    for name, entries in _json(filings_folder() / "categories.json").items():
        filing = _stem(name)
        factors = cut_by_headings(filing, [entry["heading"] for entry in entries])
        for factor, entry in zip(factors, entries, strict=True):
            primary = Category(entry["primary"])
            acceptable = frozenset(map(Category, entry["acceptable"])) | {primary}
            yield LabelledFactor(_company(filing), filing, factor, primary, acceptable, own=False)


def _own() -> Iterator[LabelledFactor]:
    for filing, entries in _json(OWN_LABELS / "categories.json").items():
        factors = cut_at(filing, [(start, body) for start, body, _ in entries])
        for factor, (_, _, named) in zip(factors, entries, strict=True):
            categories = [Category(name) for name in named]
            acceptable = frozenset(categories)
            yield LabelledFactor(_company(filing), filing, factor, categories[0], acceptable, own=True)


def _more() -> Iterator[LabelledFactor]:
    """Those of the folder `more`, named by their headings' hashes; one that reading no longer cuts is left out."""
    for filing, entries in _json(OWN_LABELS / "more_categories.json").items():
        [path] = (filings_folder() / "more").glob(f"{filing}.*.gz")
        cut = {letters_hash(factor.heading): factor for factor in segment(read_item_1a(_bytes(path)))}
        for hashed, named in entries:
            if hashed in cut:
                factor = FactorText(cut[hashed].heading, cut[hashed].text)
                categories = [Category(name) for name in named]
                yield LabelledFactor(company_of(filing), filing, factor, categories[0], frozenset(categories), own=True)


def letters_hash(text: str) -> str:
    """Hexadecimal digits that name a text, whatever its spaces, case and punctuation."""
    return blake2b("".join(words(text)).encode(), digest_size=HASH_BYTES).hexdigest()


def company_of(filing: str) -> str:
    """The company of a filing of the folder `more`: its ticker, or its number in a collection of many companies."""
    collection, _, rest = filing.partition("_")
    return rest.split("_")[0].split("-")[0] if collection in {"LM06", "LM21", "NSS"} else collection


def _bytes(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())


def _json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def _stem(name: str) -> str:
    return name.removesuffix(".html").removesuffix(".txt")


def _company(filing: str) -> str:
    return filing.split("_", maxsplit=1)[0]
