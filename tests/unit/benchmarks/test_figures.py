"""Figures beside their aims, and the table that they become."""

from datetime import UTC, datetime

import pytest

from benchmarks.rig.figures import Figure
from benchmarks.tables import table, with_table


@pytest.mark.parametrize(
    ("figure", "met"),
    [
        (Figure("p99", 100.0, "ms", at_most=100), True),
        (Figure("p99", 100.1, "ms", at_most=100), False),
        (Figure("ratio", 0.5, "x", at_least=0.5), True),
        (Figure("ratio", 0.49, "x", at_least=0.5), False),
        (Figure("rate", 12.0, "a second"), None),
    ],
)
def test_an_aim_is_met_up_to_its_limit(figure: Figure, met: bool | None) -> None:
    assert figure.met is met


def test_a_figure_is_printed_with_its_aim() -> None:
    printed = Figure("ratio", 0.49449, "x", at_least=0.5).as_json()
    assert printed == {"name": "ratio", "value": 0.494, "unit": "x", "aim": "at least 0.5 x", "met": False}


def test_a_figure_without_an_aim_says_nothing_of_one() -> None:
    assert Figure("rate", 1234.56, "a second").as_json() == {"name": "rate", "value": 1235, "unit": "a second"}


DOCUMENT = {
    "script": "reads",
    "machine": {"processor": "Some CPU", "cores": 2, "memory_gib": 8.0, "load_before": 0.1},
    "conditions": {"rounds": 3},
    "figures": [{"name": "p99", "value": 1200, "unit": "ms", "aim": "at most 10 ms", "met": False}],
}


def test_a_table_says_when_and_where_and_what_was_missed() -> None:
    assert table(DOCUMENT, datetime(2026, 11, 24, tzinfo=UTC)).splitlines() == [
        "2026-11-24, Some CPU, 2 cores, 8.0 GiB, load before 0.1; rounds 3",
        "",
        "| figure | measured | aim | met |",
        "|---|---|---|---|",
        "| p99 | 1,200 ms | at most 10 ms | **no** |",
    ]


def test_a_table_takes_the_place_of_the_last_one() -> None:
    page = "before\n<!-- reads -->\nold\n\nold\n<!-- /reads -->\nafter\n"
    assert with_table(page, "reads", "new") == "before\n<!-- reads -->\nnew\n<!-- /reads -->\nafter\n"


def test_a_table_without_a_place_is_an_error() -> None:
    with pytest.raises(ValueError, match="no place for reads"):
        with_table("a page\n", "reads", "new")
