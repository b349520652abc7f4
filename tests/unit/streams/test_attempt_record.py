"""What workers remember of one task together: the same in whatever order it came, and never a step back."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.attempt_record import AttemptRecord, part_of, together

OWNER = "key-1"
RECORDS = st.builds(
    AttemptRecord,
    owner=st.sampled_from([None, OWNER]),
    attempt=st.integers(1, 3),
    starts=st.integers(0, 3),
    ended=st.booleans(),
    cancelled=st.booleans(),
    storing=st.booleans(),
)


def test_of_nothing_nothing_is_remembered() -> None:
    assert together([]) is None


@given(RECORDS)
def test_what_one_worker_remembers_is_all(record: AttemptRecord) -> None:
    assert together([record]) == record


@given(st.lists(RECORDS, min_size=2, max_size=4), st.randoms())
def test_the_order_in_which_parts_come_is_of_no_matter(parts: list[AttemptRecord], random_: random.Random) -> None:
    shuffled = [*parts]
    random_.shuffle(shuffled)
    assert together(shuffled) == together(parts)


def test_starts_of_one_attempt_add_up_over_workers() -> None:
    assert together([AttemptRecord(starts=1), AttemptRecord(starts=1)]) == AttemptRecord(starts=2)


def test_starts_of_an_earlier_attempt_do_not_count() -> None:
    assert together([AttemptRecord(starts=2), AttemptRecord(attempt=2, starts=1)]) == AttemptRecord(attempt=2, starts=1)


@pytest.mark.parametrize("attempt", [1, 2])
def test_an_end_is_final_whatever_another_worker_did_since(attempt: int) -> None:
    known = together([AttemptRecord(OWNER, 1, ended=True), AttemptRecord(OWNER, attempt, starts=1)])
    assert known is not None
    assert known.ended


def test_a_cancellations_wish_outlives_an_attempt_that_did_not_know_of_it() -> None:
    known = together([AttemptRecord(OWNER, 1, cancelled=True), AttemptRecord(OWNER, 2)])
    assert known == AttemptRecord(OWNER, 2, cancelled=True)


def test_whether_a_start_has_begun_to_store_is_the_newest_attempts_to_say() -> None:
    assert together([AttemptRecord(OWNER, 1, storing=True), AttemptRecord(OWNER, 2)]) == AttemptRecord(OWNER, 2)
    assert together([AttemptRecord(OWNER, 1, storing=True), AttemptRecord(OWNER, 1)]) == AttemptRecord(
        OWNER, 1, storing=True
    )


def test_what_came_of_an_upstreams_event_does_not_count_beside_a_keys_task() -> None:
    upstreams = AttemptRecord(None, 3, starts=2, ended=True)
    assert together([upstreams, AttemptRecord(OWNER, 1, starts=1)]) == AttemptRecord(OWNER, 1, starts=1)


@given(st.lists(RECORDS, max_size=3), st.integers(0, 3))
def test_a_part_makes_together_with_the_others_what_is_remembered(others: list[AttemptRecord], starts: int) -> None:
    known = together(others)
    record = AttemptRecord(OWNER, starts=starts) if known is None else replace(known, starts=starts)
    assert together([*others, part_of(record, known)]) == record


def test_a_start_that_is_taken_back_leaves_those_of_other_workers() -> None:
    others = AttemptRecord(starts=2)
    taken_back = part_of(AttemptRecord(starts=2), others)
    assert together([others, taken_back]) == AttemptRecord(starts=2)
