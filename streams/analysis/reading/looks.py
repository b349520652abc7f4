"""Whether a block looks like a heading, before Item 1A is known: only its first words' style is looked up."""

from dataclasses import dataclass

from streams.analysis.reading.blocks import Block
from streams.analysis.reading.styles import Styles


@dataclass(frozen=True, slots=True)
class Look:
    """The style of a block's first words."""

    bold: bool
    italic: bool
    underline: bool
    caps: bool
    centered: bool
    size: float

    @property
    def stands_out(self) -> bool:
        """Whether it can be a heading's."""
        return self.bold or self.underline or self.caps or self.centered


def look_of(block: Block, styles: Styles) -> Look:
    """The look of a block by its first words."""
    words = block.text[:60].split(".")[0]
    letters = [c for c in words if c.isalpha()]
    caps = len(letters) > 2 and all(c.isupper() for c in letters)
    for element, text, after in block.pieces:
        if text.strip():
            style = styles.of(element, after=after)
            return Look(
                style.bold,
                style.italic,
                style.underline or block.ruled,
                caps or style.caps,
                style.align == "center",
                style.size,
            )
    return Look(bold=False, italic=False, underline=block.ruled, caps=caps, centered=False, size=0)
