"""Revisions: how a filing is replaced where a store can't swap many rows in one step.

Each write of a filing has a revision of its own that sorts after those it found; the highest is the filing.
"""

from collections.abc import Iterable
from uuid import uuid4

Filing = tuple[str, int, str]
"""Ticker, filing year and form."""


def revision_after(earlier: Iterable[str]) -> str:
    """A revision that sorts after the earlier ones.

    It counts, as clocks of two machines or of one that was set back could make a later write the lower one.
    Of two that are made at once, either may be the higher, but readers agree on which.
    """
    number = max((int(revision.partition("-")[0]) for revision in earlier), default=0) + 1
    return f"{number:010}-{uuid4().hex}"
