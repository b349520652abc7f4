"""Reading: find Item 1A in a filing and cut it into its single risk factors.

Pure functions of the document's bytes; they open no file and no connection.
"""

from streams.analysis.reading.errors import UnreadableDocument
from streams.analysis.reading.item import read_item_1a
from streams.analysis.reading.model import Item1A, RiskFactorText
from streams.analysis.reading.segment import Region, RegionKind, regions, segment

__all__ = [
    "Item1A",
    "Region",
    "RegionKind",
    "RiskFactorText",
    "UnreadableDocument",
    "read_item_1a",
    "regions",
    "segment",
]
