"""Ids of tasks that are made from something that stands somewhere."""

from datetime import UTC, datetime
from uuid import RFC_4122, UUID

from schemas.identifiers import derived_task_id, task_created_at

MOMENT = datetime(2026, 2, 3, 12, 0, 0, 123000, tzinfo=UTC)


def test_the_same_place_always_gives_the_same_id() -> None:
    assert derived_task_id(MOMENT, "topic", 3, 17) == derived_task_id(MOMENT, "topic", 3, 17)


def test_each_part_of_the_place_changes_the_id() -> None:
    places = [("topic", 3, 17), ("other", 3, 17), ("topic", 4, 17), ("topic", 3, 18), ("topic", 31, 7)]
    assert len({derived_task_id(MOMENT, *place) for place in places}) == len(places)


def test_it_is_a_uuid_of_version_7_that_tells_the_moment() -> None:
    made = UUID(derived_task_id(MOMENT, "topic", 3, 17))
    assert (made.version, made.variant) == (7, RFC_4122)
    assert task_created_at(str(made)) == MOMENT
