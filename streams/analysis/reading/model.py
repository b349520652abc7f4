"""What reading gives: Item 1A with its layout, and the single risk factors in it."""

from dataclasses import dataclass
from typing import Literal

from streams.analysis.reading.styles import Style

Status = Literal["found", "not_required", "incorporated_by_reference", "not_found"]

HeadingSource = Literal["emphasis", "own_line", "first_sentence", "whole_item"]
"""What a risk factor's heading is known by: a look; a line, paragraph or cell of its own; nothing but that a paragraph
starts with it. With `whole_item` there is no heading: the factor is the item."""


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of one style; offsets in the item's text."""

    start: int
    end: int
    style: Style


@dataclass(frozen=True, slots=True)
class TextBlock:
    """A paragraph, heading line or table cell of the item; offsets in the item's text."""

    start: int
    end: int
    runs: tuple[Run, ...]
    row: int = 0
    """The table row it stands in; 0 outside of tables."""
    cell: int = 0
    page: int = 0
    """Counts page breaks, not printed page numbers."""
    anchor: str | None = None
    preformatted: bool = False
    indent: int = 0
    """Leading blanks of preformatted text."""
    ruled: bool = False
    """A line of dashes stands under it."""
    listed: bool = False
    furniture: bool = False
    """A page number, or a running header or footer."""


@dataclass(frozen=True, slots=True)
class Item1A:
    """The item as found in the filing; `text` is all of it after its heading, white space collapsed.

    `form` is the detected form, empty if unknown; `title` is the heading as in the filing. Everything but
    `status` and `form` is empty where nothing was found.
    """

    status: Status
    form: str
    title: str
    text: str
    blocks: tuple[TextBlock, ...] = ()
    hint: str = ""
    """Why a document without the item has none ("This is exhibit 21 of a filing, ..."); empty if nothing shows."""


@dataclass(frozen=True, slots=True)
class RiskFactorText:
    """One risk factor: `start` to `end` are offsets in the item's text, heading and body.

    `text` is the body without page headers and footers; `section` the group heading above it, empty if there is
    none; `anchor` the nearest anchor id before it in the original document.
    """

    heading: str
    text: str
    section: str
    start: int
    end: int
    anchor: str | None
    heading_source: HeadingSource = "emphasis"
