"""Reading survives whatever it is given: any bytes, and real filings cut, doubled and robbed of their tags."""

import gzip
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.analysis.reading import UnreadableDocument, read_item_1a, regions, segment
from tests.unit.reading.filings import filing

READABLE = settings(deadline=5_000, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
FRAGMENTS = [
    b"<p>", b"</p>", b"<div>", b"<b>", b"</b>", b"<table><tr><td>", b"</table>", b"<pre>", b"</pre>", b"<br>", b"<hr>",
    b"Item 1A. Risk Factors", b"Item 1B. Unresolved Staff Comments", b"Item 2. Properties", b"Risk Factors", b"12",
    b"We may fail to sell our cranes.", b"\n\n", b"     ", b"-----", b"\xa0", b"&nbsp;", b"&#146;", b"\x00", b"<!--", b"FORM 20-F",
    b"Item 3. Key Information", b"<PAGE>", b"&#8226; ", b"Summary of Risk Factors", b"<DOCUMENT><TYPE>10-K<TEXT>", b'<a href="#x">',
]  # fmt: skip


def read_all(document: bytes) -> None:
    """Read and cut, and check what holds of every result."""
    try:
        item = read_item_1a(document)
    except UnreadableDocument:
        return
    assert item.text == " ".join(item.text.split())
    assert (item.status == "not_found") == (item.title == "" and item.text == "") or item.title
    end = 0
    for factor in segment(item):
        assert item.status == "found"
        assert end <= factor.start < factor.end <= len(item.text)
        assert factor.heading
        end = factor.end
    assert "".join(item.text[region.start : region.end] for region in regions(item)) == item.text


@READABLE
@given(st.binary(max_size=4_000))
def test_any_bytes(document: bytes) -> None:
    read_all(document)


@READABLE
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=60))
def test_any_row_of_fragments(fragments: list[bytes]) -> None:
    read_all(b" ".join(fragments))


@READABLE
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=30), st.integers(0, len(filing())))
def test_a_filing_with_fragments_in_it(fragments: list[bytes], place: int) -> None:
    document = filing()
    read_all(document[:place] + b" ".join(fragments) + document[place:])


@pytest.fixture(scope="module")
def small_filings(filings_dir: Path) -> list[bytes]:
    """The shorter ones: what breaks on a long filing breaks on a short one sooner."""
    documents = [gzip.decompress(path.read_bytes()) for path in sorted(filings_dir.glob("10-K/*.gz"))]
    return sorted(documents, key=len)[:12]


@settings(READABLE, max_examples=60)
@given(
    which=st.integers(0, 11),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 0.2)), max_size=3),
    doubled=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 0.05)), max_size=2),
    robbed=st.sampled_from(
        [b"", b"p", b"div", b"td", b"tr", b"table", b"b", b"span", b"font", b"pre", b"/p", b"/div", b"/b"]
    ),
)
def test_real_filings_cut_doubled_and_robbed_of_tags(
    small_filings: list[bytes],
    which: int,
    cuts: list[tuple[float, float]],
    doubled: list[tuple[float, float]],
    robbed: bytes,
) -> None:
    document = small_filings[which]
    for start, share in cuts:
        first = int(start * len(document))
        document = document[:first] + document[first + int(share * len(document)) :]
    for start, share in doubled:
        first = int(start * len(document))
        last = first + int(share * len(document))
        document = document[:last] + document[first:last] + document[last:]
    if robbed:
        document = re.sub(b"(?i)<" + robbed + rb"\b[^>]*>", b"", document)
    read_all(document)
