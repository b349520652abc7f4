"""Task ids: UUIDv7 that tell their own age."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.identifiers import new_task_id, task_created_at

MOMENT = datetime(2026, 2, 3, 12, 0, 0, 123000, tzinfo=UTC)


def test_a_new_id_tells_when_it_was_made() -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)  # an id has whole milliseconds
    made = task_created_at(new_task_id())
    assert made is not None
    assert before <= made <= datetime.now(UTC)


def test_an_id_follows_a_clock_that_is_set_back() -> None:
    new_task_id()
    for moment in (MOMENT, MOMENT - timedelta(hours=1)):
        assert task_created_at(new_task_id(moment)) == moment


def test_ids_of_one_moment_differ() -> None:
    ids = [new_task_id(MOMENT) for _ in range(5000)]
    assert len(set(ids)) == len(ids)


def test_ids_sort_by_their_time() -> None:
    ids = [new_task_id(MOMENT + timedelta(milliseconds=number)) for number in range(5000)]
    assert ids == sorted(ids)


def test_the_time_of_the_example_in_rfc_9562_is_read() -> None:
    made = task_created_at("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
    assert made == datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "6f1c2a90-0000-4000-8000-000000000000",  # version 4
        "017F22E2-79B0-7CC3-98C4-DC0C0C07398F",  # upper case: the same task under a second name
        "{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}",
        "017f22e279b07cc398c4dc0c0c07398f",
        "urn:uuid:017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
        "ffffffff-ffff-7fff-bfff-ffffffffffff",  # past the year 9999
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398f\n",
    ],
)
def test_only_a_uuid_of_version_7_in_canonical_form_is_a_task_id(text: str) -> None:
    assert task_created_at(text) is None


@given(st.text())
def test_no_text_whatever_raises(text: str) -> None:
    assert task_created_at(text) is None
