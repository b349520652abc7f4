"""Which of the rows of a filing are the filing: those of its highest revision."""

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from streams.stores.revisions import Filing

FILING = ("ticker", "filing_year", "form")
REVISION = "revision"


def newest_revisions(rows: pa.Table) -> dict[Filing, str]:
    """Per filing the highest revision among the rows."""
    newest: dict[Filing, str] = {}
    for row in rows.select([*FILING, REVISION]).to_pylist():
        filing = (row["ticker"], row["filing_year"], row["form"])
        newest[filing] = max(row[REVISION], newest.get(filing, ""))
    return newest


def of_revisions(rows: pa.Table, revisions: Iterable[str]) -> pa.Table:
    """The rows that belong to one of the revisions."""
    return rows.filter(pc.is_in(rows.column(REVISION), pa.array(revisions, pa.string())))
