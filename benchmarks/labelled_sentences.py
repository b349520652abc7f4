"""The labelled sentences of risk factors: what each claims of harm, and how grave it is.

`labels/sentences.json` names them by hashes of their letters, so that they are found however the item is cut.
"""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.labelled import OWN_LABELS, company_of, filings_folder, item_text, letters_hash
from streams.analysis.reading import read_item_1a
from streams.analysis.scoring.text import sentences


@dataclass(frozen=True, slots=True)
class LabelledSentence:
    """A sentence as an analyst read it."""

    company: str
    text: str
    claim: str
    """One of `learned.CLAIMS`."""
    gravity: int
    """0: names no harm; 1: plain, 2: grave, 3: the end of the company."""


def labelled_sentences() -> list[LabelledSentence]:
    """All of them, in the order of the labels, but for those that reading no longer finds in the item."""
    labels = json.loads((OWN_LABELS / "sentences.json").read_text("utf-8"))
    return [case for filing, entries in labels.items() for case in _of_filing(filing, entries)]


def _of_filing(filing: str, entries: list[tuple[str, str, int]]) -> Iterator[LabelledSentence]:
    found = {letters_hash(sentence): sentence for sentence in sentences(_text(filing))}
    for hashed, claim, gravity in entries:
        if hashed in found:
            yield LabelledSentence(company_of(filing), found[hashed], claim, gravity)


def _text(filing: str) -> str:
    more = sorted((filings_folder() / "more").glob(f"{filing}.*.gz"))
    if not more:
        return item_text(filing)
    return " ".join(read_item_1a(gzip.decompress(more[0].read_bytes())).text.split())
