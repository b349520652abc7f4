"""What the made-up filings hold, as the tests of several layouts check it."""

from streams.analysis.reading import Item1A, RiskFactorText, read_item_1a, segment
from tests.unit.reading.filings import BODY, HEADINGS, INTRODUCTION, SECOND, SECTIONS, filing


def assert_whole(item: Item1A) -> None:
    """The item is the one of `filing()`, from its first word to its last."""
    assert item.status == "found"
    assert item.text.startswith(INTRODUCTION)
    assert item.text.endswith(SECOND)
    assert (HEADINGS[0] in item.text) == (HEADINGS[-1] in item.text)
    assert item.text.count("We own both yards") == 0


def factors_of(item_1a: str) -> tuple[RiskFactorText, ...]:
    return segment(read_item_1a(filing(item_1a)))


def assert_cut_right(factors: tuple[RiskFactorText, ...], *, sections: bool = True) -> None:
    """The factors are those of GROUPS with all of their text, and in their groups if the document has `sections`."""
    assert [factor.heading for factor in factors] == list(HEADINGS)
    expected = [section.casefold() for section in SECTIONS] if sections else [""] * len(SECTIONS)
    assert [factor.section.casefold() for factor in factors] == expected
    assert {factor.text for factor in factors} == {f"{BODY} {SECOND}"}
