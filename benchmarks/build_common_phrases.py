"""Find the phrases that many companies share, and write the table of their hashes.

SIGMAK_FILINGS_DIR=... python -m benchmarks.build_common_phrases
"""

import json
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks.labelled import filings_folder, item_text
from streams.analysis.scoring import boilerplate
from streams.analysis.scoring.text import sentences, words

COMPANIES = 3
"""Two may copy each other, or have the same lawyers; three make a phrase of the trade."""


def main() -> None:
    """Write the table and print how many phrases it holds."""
    by_company: dict[str, set[int]] = {}
    for path in sorted((filings_folder() / "item1a").glob("*.txt.gz")):
        filing = path.name.removesuffix(".txt.gz")
        phrases = by_company.setdefault(filing.split("_", maxsplit=1)[0], set())
        for sentence in sentences(item_text(filing)):
            phrases |= boilerplate.phrase_hashes(words(sentence))
    companies = Counter(phrase for phrases in by_company.values() for phrase in phrases)
    common = sorted(phrase for phrase, count in companies.items() if count >= COMPANIES)
    table = Path(boilerplate.__file__).parent / "data" / boilerplate.TABLE
    table.write_bytes(np.array(common, dtype=">u8").tobytes())
    print(json.dumps({"companies": len(by_company), "phrases": len(companies), "common": len(common)}))


if __name__ == "__main__":
    main()
