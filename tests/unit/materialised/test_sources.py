"""Whether stored rows can be continued from their topic as it is now."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.materialised.sources import Source, must_rebuild
from tests.unit.examples import NOON

SOURCE = Source("cluster", "topic", {0: 7, 1: 0}, NOON, version=1)


@given(st.dictionaries(st.integers(0, 100), st.integers(0, 1 << 62)))
def test_a_source_survives_the_way_through_bytes(offsets: dict[int, int]) -> None:
    source = Source("cluster", "topic", offsets, NOON, version=3)
    assert Source.decode(source.encode()) == source


def _why(
    source: Source | None,
    *,
    cluster: str = "cluster",
    topic: str = "topic",
    version: int = 1,
    continued_for: timedelta | None = timedelta(hours=23),
    now: datetime = NOON,
) -> str | None:
    return must_rebuild(
        source, cluster_id=cluster, topic_id=topic, version=version, continued_for=continued_for, now=now
    )


def test_rows_of_the_same_topic_go_on() -> None:
    assert _why(SOURCE) is None
    assert _why(SOURCE, now=NOON + timedelta(hours=22, minutes=59)) is None


def test_where_there_are_no_rows_nothing_is_rebuilt() -> None:
    assert _why(None) is None


def test_rows_of_another_cluster_are_rebuilt() -> None:
    assert "another Kafka cluster" in (_why(SOURCE, cluster="other") or "")


def test_rows_of_a_topic_that_was_made_anew_are_rebuilt() -> None:
    assert "made anew" in (_why(SOURCE, topic="other") or "")


def test_rows_in_another_versions_format_are_rebuilt() -> None:
    assert "version" in (_why(SOURCE, version=2) or "")


def test_rows_that_tombstones_may_have_passed_by_are_rebuilt() -> None:
    assert "old" in (_why(SOURCE, now=NOON + timedelta(hours=23, seconds=1)) or "")


def test_rows_that_no_record_can_pass_by_are_never_too_old() -> None:
    assert _why(SOURCE, continued_for=None, now=NOON + timedelta(days=1000)) is None
