"""Filing documents to send: variants of the bundled made-up filing, each with texts of its own, in any size."""

import json
import random
import re
from pathlib import Path

import ops.demo

_FILING = Path(ops.demo.__file__).parent / "filings" / "KLMF_2024.html"
_PARAGRAPH = re.compile(r"(serif\">)(?=[A-Z])")
_ROWS_A_TABLE = 40
_COLUMNS = 6


def filing_document(number: int) -> str:
    """A filing in which every paragraph differs from those of other numbers: no vector cache answers for it."""
    return _PARAGRAPH.sub(rf"\g<1>In case {number}: ", _FILING.read_text())


def large_filing_document(number: int, size: int) -> str:
    """The same with tables of figures behind it, as large filings have them, up to `size` characters."""
    document, end, _ = filing_document(number).rpartition("</body>")
    figures = random.Random(number)  # noqa: S311, no secret
    tables: list[str] = []
    missing = size - len(document) - len(end) - len("</html>\n")
    while missing > 0:
        tables.append(_table(figures))
        missing -= len(tables[-1])
    return document + "".join(tables)[: missing or None] + end + "</html>\n"


def short_document(size: int) -> str:
    """A document of so many characters, for an analysis that does not read it."""
    paragraph = '<p style="margin:0">Our business may be harmed by a fire, a flood or a strike.</p>\n'
    return (paragraph * (size // len(paragraph) + 1))[:size]


def submission(ticker: str, document: str) -> bytes:
    """The JSON body of a submission."""
    return json.dumps({"ticker": ticker, "filing_year": 2024, "html_content": document}).encode()


def _table(figures: random.Random) -> str:
    rows = []
    for _ in range(_ROWS_A_TABLE):
        cells = "".join(
            f'<td style="padding:2px 1pt;text-align:right"><span style="font:10pt \'Times New Roman\',serif">'
            f"{figures.randint(0, 999_999):,}</span></td>"
            for _ in range(_COLUMNS)
        )
        rows.append(f"<tr>{cells}</tr>")
    return f'<table style="border-collapse:collapse;width:100%">{"".join(rows)}</table>\n'
