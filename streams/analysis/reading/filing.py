"""A flattened filing with what every search in it needs: its headings, its page furniture, its lengths and styles."""

from functools import cached_property
from itertools import accumulate

from streams.analysis.reading.blocks import Layout
from streams.analysis.reading.furniture import find_furniture, find_page_ends, find_page_numbers
from streams.analysis.reading.headings import ITEM_1A, find_headings
from streams.analysis.reading.looks import Look, look_of
from streams.analysis.reading.styles import Styles


class Filing:
    """The blocks of one document, and what is known of them before Item 1A is found."""

    def __init__(self, layout: Layout) -> None:
        self.blocks = layout.blocks
        self.headings = find_headings(self.blocks)
        self._css = "".join(layout.css)

    @cached_property
    def styles(self) -> Styles:
        """The styles of its elements."""
        return Styles(self._css)

    @cached_property
    def _page_numbers(self) -> set[int]:
        return find_page_numbers(self.blocks)

    @cached_property
    def page_ends(self) -> set[int]:
        """The indexes of blocks that stand where pages end or start."""
        return find_page_ends(self.blocks, self._page_numbers)

    @cached_property
    def furniture(self) -> set[int]:
        """The indexes of blocks that are page furniture."""
        # Item 1A's heading itself is outside of the item's text; inside, it is a page header, wherever it stands.
        headers = [range(heading.block, heading.body) for heading in self.headings if heading.item == ITEM_1A]
        return find_furniture(self.blocks, self._page_numbers, self.page_ends).union(*headers)

    @cached_property
    def _positions(self) -> list[int]:
        return [0, *accumulate(len(block.text) + 1 for block in self.blocks)]

    def length(self, first: int, end: int) -> int:
        """The characters from block `first` up to, not including, block `end`."""
        return self._positions[end] - self._positions[first]

    def look(self, index: int) -> Look:
        """The look of a block's first words."""
        return look_of(self.blocks[index], self.styles)
