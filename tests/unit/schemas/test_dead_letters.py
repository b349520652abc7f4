"""The headers of filing events that are moved between topics."""

from dataclasses import replace

import pytest

from schemas.dead_letters import Death, NoSuchHeaders, Origin, Redriven, as_first_sent, moved, without_ballast
from tests.unit.examples import NOON

ORIGIN = Origin("sigmak.filings.v1", 3, 17, NOON)
DEATH = Death("unavailable", "The store is away.", "StoreUnavailable", 4)
SENT = [("ce_id", b"1"), ("sigmak-attempt", b"2")]


def test_origin_and_death_are_read_as_they_were_written() -> None:
    headers = moved(SENT, ORIGIN, DEATH)
    assert Origin.of(headers) == ORIGIN
    assert Death.of(headers) == DEATH


def test_a_value_that_was_left_behind_is_told() -> None:
    left = Death("unavailable", "Away.", value_left_behind=True)
    assert Death.of(moved([], ORIGIN, left)) == left


@pytest.mark.parametrize(
    "foreign",
    [
        [("sigmak-original-topic", b"sigmak.filings.v1")],
        [("sigmak-original-note", b"mine")],
        [*Origin("sigmak.filings.v1", 3, 17, NOON).headers()[:-1], ("sigmak-original-timestamp", b"\xff")],
    ],
)
def test_an_origin_that_can_not_be_read_is_a_producers_own_and_replaced(foreign: list[tuple[str, bytes]]) -> None:
    headers = moved([*SENT, *foreign], ORIGIN, DEATH)
    assert Origin.of(headers) == ORIGIN
    assert len({name for name, _ in headers}) == len(headers)


def test_a_producers_own_marker_of_a_redrive_does_not_hide_its_letter() -> None:
    assert Redriven.of(moved([*SENT, *Redriven(3, 17, "a-task").headers()], ORIGIN, DEATH)) is None


def test_what_is_large_or_beyond_number_is_ballast() -> None:
    many = [(f"x-{number}", b"") for number in range(1000)]
    kept = without_ballast([("large", b"x" * 2000), ("x" * 2000, b""), *SENT, *many])
    assert kept[: len(SENT)] == SENT
    assert len(kept) == 100


def test_the_first_origin_is_kept_and_the_last_death_counts() -> None:
    first = moved(SENT, ORIGIN, DEATH)
    second = moved(first, replace(ORIGIN, offset=99, timestamp=NOON), Death("poison_pill", "It killed its worker."))
    assert Origin.of(second) == ORIGIN
    assert Death.of(second) == Death("poison_pill", "It killed its worker.")
    assert len({name for name, _ in second}) == len(second)


def test_what_was_added_on_the_way_can_be_taken_off() -> None:
    assert as_first_sent(moved(SENT, ORIGIN, DEATH)) == SENT


@pytest.mark.parametrize("headers", [[], [("sigmak-original-topic", b"t"), ("sigmak-original-partition", b"x")]])
def test_headers_that_are_missing_or_malformed_are_an_error(headers: list[tuple[str, bytes]]) -> None:
    with pytest.raises(NoSuchHeaders):
        Origin.of(headers)
    with pytest.raises(NoSuchHeaders):
        Death.of(headers)
