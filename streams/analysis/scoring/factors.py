"""What scoring needs to know of a risk factor, whoever cut or stored it."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from schemas.risks import HeadingSource, ItemStatus


class Item(Protocol):
    """A filing's Item 1A."""

    @property
    def status(self) -> ItemStatus:
        """What became of the search for it."""

    @property
    def form(self) -> str:
        """The filing's form, as 10-K."""

    @property
    def title(self) -> str:
        """Its heading as the filing has it."""

    @property
    def text(self) -> str:
        """All of it, whitespace collapsed."""


class Factor(Protocol):
    """One risk factor as it was cut from an item."""

    @property
    def heading(self) -> str:
        """The sentence or title that names the risk."""

    @property
    def text(self) -> str:
        """The body."""

    @property
    def section(self) -> str:
        """The group heading above it; empty where there is none."""

    @property
    def start(self) -> int:
        """Where it begins in the item's text."""

    @property
    def end(self) -> int:
        """Where it ends in the item's text."""

    @property
    def anchor(self) -> str | None:
        """The nearest anchor before it in the original document."""

    @property
    def heading_source(self) -> HeadingSource:
        """What marks its heading."""


class EarlierFactor(Protocol):
    """One risk factor of an earlier filing of the same company."""

    @property
    def filing_year(self) -> int:
        """The year of that filing."""

    @property
    def heading(self) -> str:
        """The sentence or title that names the risk."""

    @property
    def text(self) -> str:
        """The body."""

    @property
    def vectors(self) -> NDArray[np.float32]:
        """Unit vectors of its chunks, shape (chunks, dimensions)."""


@dataclass(frozen=True, slots=True)
class FactorText:
    """A `Factor` of plain values."""

    heading: str
    text: str
    section: str = ""
    start: int = 0
    end: int = 0
    anchor: str | None = None
    heading_source: HeadingSource = "emphasis"


@dataclass(frozen=True, slots=True)
class StoredText:
    """An `EarlierFactor` of plain values."""

    filing_year: int
    heading: str
    text: str
    vectors: NDArray[Any]


def full_text(factor: Factor | EarlierFactor) -> str:
    """Heading and body, whitespace collapsed: what is embedded, compared and scored.

    A body that repeats its heading, as run-in headings do, is not joined to it twice.
    """
    heading, body = " ".join(factor.heading.split()), " ".join(factor.text.split())
    if body.startswith(heading):
        return body
    return f"{heading} {body}".strip()
