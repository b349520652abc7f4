"""Real filings with truth, where `SIGMAK_FILINGS_DIR` names them."""

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

import pytest

from benchmarks.extraction import Filing, end_offsets, filings, further_filings, heading_measures, is_right
from streams.analysis.reading import Item1A, read_item_1a, regions, segment, warnings_of


@pytest.fixture(scope="module")
def known(filings_dir: Path) -> Mapping[str, tuple[Filing, Item1A]]:
    every = chain(filings(filings_dir), further_filings(filings_dir))
    return {filing.name: (filing, read_item_1a(filing.data)) for filing in every}


def test_status_and_both_ends_are_right_in_every_filing(known: Mapping[str, tuple[Filing, Item1A]]) -> None:
    wrong = {
        name: (item.status, filing.status, end_offsets(item, filing))
        for name, (filing, item) in known.items()
        if not is_right(item, filing)
    }
    assert wrong == {}


def test_headings_have_precision_and_recall_of_at_least_95_percent(known: Mapping[str, tuple[Filing, Item1A]]) -> None:
    measured = {
        name: heading_measures([factor.heading for factor in segment(item)], filing.headings)
        for name, (filing, item) in known.items()
        if filing.headings is not None
    }
    assert measured
    assert {name: both for name, both in measured.items() if min(both) < 0.95} == {}


def test_every_found_item_is_cut_and_nothing_of_it_is_lost(known: Mapping[str, tuple[Filing, Item1A]]) -> None:
    for name, (_, item) in known.items():
        factors = segment(item)
        assert bool(factors) == (item.status == "found"), name
        assert warnings_of(factors) == (), name
        found = regions(item)
        assert "".join(item.text[region.start : region.end] for region in found) == item.text, name
        for factor in factors:
            assert factor.heading[:40] in item.text[factor.start : factor.start + 50], name


def test_no_line_that_is_no_risk_is_taken_for_one(
    filings_dir: Path, known: Mapping[str, tuple[Filing, Item1A]]
) -> None:
    import json

    for name, lines in json.loads((filings_dir / "not_a_risk.json").read_text()).items():
        headings = {factor.heading.rstrip(".") for factor in segment(known[name][1])}
        assert headings.isdisjoint(line.rstrip(".") for line in lines), name


def other_reports(folder: Path) -> Iterator[tuple[str, Item1A]]:
    import gzip

    for path in sorted([*folder.glob("10-Q/*.gz"), *folder.glob("20-F/*.gz")]):
        yield path.parent.name, read_item_1a(gzip.decompress(path.read_bytes()))


def test_quarterly_and_foreign_reports_are_read(filings_dir: Path) -> None:
    reports = list(other_reports(filings_dir))
    assert all(item.form == form for form, item in reports)
    assert [len(segment(item)) for form, item in reports if form == "20-F"] == [13]
