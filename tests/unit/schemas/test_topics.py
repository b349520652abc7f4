"""What the topics guarantee."""

from datetime import timedelta
from typing import Final

import pytest

from schemas.topics import (
    ATTEMPTS_CHANGELOG,
    BATCH_MEMBERS,
    BATCHES,
    BATCHES_CHANGELOG,
    CANCELLATIONS,
    FILINGS,
    FILINGS_DEAD,
    FILINGS_PRIORITY,
    FILINGS_RETRIES,
    IDEMPOTENCY,
    LANES,
    RISKS,
    TASKS,
    WEBHOOKS,
    Topic,
    catalogue,
)

MIB: Final = 1024 * 1024
COMPACTED = {TASKS, BATCHES, ATTEMPTS_CHANGELOG, BATCHES_CHANGELOG}
DOCUMENTS = {*LANES, *FILINGS_RETRIES, FILINGS_DEAD}


def _topics(**settings: object) -> dict[str, Topic]:
    return {topic.name: topic for topic in catalogue(**settings)}  # type: ignore[arg-type]


TOPICS = _topics()


def _time(topic: str, setting: str) -> timedelta:
    return timedelta(milliseconds=int(TOPICS[topic].config[setting]))


def test_the_topics_have_the_names_that_other_systems_know() -> None:
    assert set(TOPICS) == {
        "sigmak.filings.v1", "sigmak.filings.priority.v1", "sigmak.filings.retry-1.v1", "sigmak.filings.retry-2.v1",
        "sigmak.filings.retry-3.v1", "sigmak.filings.dead.v1", "sigmak.cancellations.v1", "sigmak.tasks.v1",
        "sigmak.risks.v1", "sigmak.idempotency.v1", "sigmak.batch-members.v1", "sigmak.batches.v1",
        "sigmak.webhooks.v1", "sigmak.attempts-changelog.v1", "sigmak.batches-changelog.v1",
    }  # fmt: skip


def test_no_topic_is_named_twice() -> None:
    assert len(catalogue()) == len(TOPICS)


def test_what_is_state_is_compacted_and_what_is_history_is_not() -> None:
    assert {name for name, topic in TOPICS.items() if topic.compacted} == COMPACTED


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        *((name, timedelta(days=30)) for name in (*sorted(DOCUMENTS), CANCELLATIONS, RISKS, BATCH_MEMBERS)),
        (IDEMPOTENCY, timedelta(hours=25)),
        (WEBHOOKS, timedelta(days=2)),
    ],
)
def test_history_is_kept_as_long_as_promised(name: str, kept: timedelta) -> None:
    assert _time(name, "retention.ms") == kept


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_every_topic_that_a_filing_may_move_to_takes_what_the_lanes_take(name: str) -> None:
    assert int(TOPICS[name].config["max.message.bytes"]) == 16 * MIB


@pytest.mark.parametrize("name", [TASKS, RISKS])
def test_results_may_be_half_as_large_as_filings(name: str) -> None:
    assert int(TOPICS[name].config["max.message.bytes"]) == 8 * MIB


def test_all_topics_have_one_number_of_partitions_or_a_table_record_would_not_be_where_its_filing_is() -> None:
    assert {topic.partitions for topic in TOPICS.values()} == {12}
    assert {topic.partitions for topic in _topics(partitions=5).values()} == {5}


@pytest.mark.parametrize("name", [TASKS, BATCHES])
@pytest.mark.parametrize("life", [timedelta(hours=1), timedelta(days=3)])
def test_an_ended_status_outlives_the_result_by_an_hour_so_that_a_rebuilding_reader_meets_it(
    life: timedelta, name: str
) -> None:
    config = _topics(result_life=life)[name].config
    assert int(config["min.compaction.lag.ms"]) == (life + timedelta(hours=1)) / timedelta(milliseconds=1)


def test_a_reader_may_be_away_for_a_day_without_missing_a_tombstone() -> None:
    assert {_time(name, "delete.retention.ms") for name in COMPACTED} == {timedelta(days=1)}


def test_a_quiet_compacted_topic_is_compacted_too() -> None:
    for name in COMPACTED:
        assert _time(name, "segment.ms") <= timedelta(hours=1)
        assert _time(name, "max.compaction.lag.ms") > _time(name, "min.compaction.lag.ms")


def test_the_brokers_clock_stamps_records_or_a_producers_date_would_delete_a_filing_unread() -> None:
    assert {topic.config["message.timestamp.type"] for topic in TOPICS.values()} == {"LogAppendTime"}


def test_the_broker_keeps_the_producers_compression() -> None:
    assert {topic.config["compression.type"] for topic in TOPICS.values()} == {"producer"}


@pytest.mark.parametrize(("replicas", "in_sync"), [(1, "1"), (3, "2")])
def test_in_production_two_of_three_copies_acknowledge(replicas: int, in_sync: str) -> None:
    topics = _topics(replication_factor=replicas).values()
    assert {(topic.replication_factor, topic.config["min.insync.replicas"]) for topic in topics} == {
        (replicas, in_sync)
    }


def test_there_are_two_lanes_and_a_retry_topic_for_each_further_attempt() -> None:
    assert LANES == (FILINGS, FILINGS_PRIORITY)
    assert len(FILINGS_RETRIES) == 3
