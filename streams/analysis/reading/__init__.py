"""Reading: find Item 1A in a filing and cut it into its single risk factors.

Pure functions of the document's bytes; they open no file and no connection.
"""

from streams.analysis.reading.errors import UnreadableDocument
from streams.analysis.reading.item import read_item_1a
from streams.analysis.reading.model import HeadingSource, Item1A, RiskFactorText
from streams.analysis.reading.segment import ReadingWarning, Region, RegionKind, regions, segment, warnings_of

__all__ = [
    "HeadingSource",
    "Item1A",
    "ReadingWarning",
    "Region",
    "RegionKind",
    "RiskFactorText",
    "UnreadableDocument",
    "read_item_1a",
    "regions",
    "segment",
    "warnings_of",
]
