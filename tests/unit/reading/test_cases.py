"""Small filings of a made-up company, each of one kind that real filings have, with what is right beside it.

A case `NAME.html` (or `.txt`, `.md`, `.mht`) has a `NAME.json`: the item's `status`, the `headings` of its risk factors,
how its text starts and ends; some also the factors' `sections`, the `form`, or what is `not_in_text`.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from streams.analysis.reading import Item1A, read_item_1a, regions, segment

CASES = {path.stem: path for path in sorted((Path(__file__).parent / "cases").glob("*.json"))}


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def case(request: pytest.FixtureRequest) -> tuple[dict[str, Any], Item1A]:
    path: Path = request.param
    document = next(other for other in path.parent.glob(f"{path.stem}.*") if other != path)
    return json.loads(path.read_text()), read_item_1a(document.read_bytes())


def without_stop(headings: list[str]) -> list[str]:
    """A full stop between an emphasised phrase and the text belongs to either."""
    return [heading.rstrip(".") for heading in headings]


def test_a_case_is_read_as_it_should_be(case: tuple[dict[str, Any], Item1A]) -> None:
    expected, item = case
    factors = segment(item)
    assert item.status == expected["status"]
    assert without_stop([factor.heading for factor in factors]) == without_stop(expected["headings"])
    assert item.text.startswith(expected.get("start", ""))
    assert item.text.endswith(expected.get("end", ""))
    assert [factor.section for factor in factors] == expected.get("sections", [factor.section for factor in factors])
    assert item.form == expected.get("form", item.form)
    assert expected.get("not_in_text", "\0") not in item.text
    assert "".join(item.text[region.start : region.end] for region in regions(item)) == item.text
    assert not any(factor.text.endswith(tuple(expected.get("sections", ["\0"]))) for factor in factors)
