"""Several real topics in one database: each is caught up with, continued and rebuilt for itself."""

import asyncio
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway.materialised.database import Database
from gateway.materialised.follower import TopicsFollower
from gateway.materialised.records import Record
from gateway.materialised.topic_rows import Changes, Held
from schemas.topics import Topic
from tests.integration.materialised.topics import make_anew
from tests.waiting import eventually
from transport.connection import KafkaConnection
from transport.publisher import KafkaPublisher
from transport.topics import TopicAdmin

PARTITIONS = 2


@dataclass
class FirstWins:
    """Rows of which the first of a key is kept: the least that a topic can be to a gateway."""

    topic: str
    prefix: bytes
    version: int = 1
    continued_for: timedelta | None = None
    given: list[bytes] = field(default_factory=list)
    heard: list[tuple[str, bytes]] = field(default_factory=list)

    def read(self, record: Record) -> tuple[bytes, bytes]:
        """Key and value."""
        return record.key, record.value or b""

    def fold(self, items: Sequence[tuple[bytes, bytes]], held: Held, now: datetime) -> Changes[bytes]:
        """The first value of each key that has none yet."""
        assert now.tzinfo is not None
        self.given += [key for key, _ in items]
        first = {self.prefix + key: value for key, value in reversed(items)}
        new = {key: value for key, value in first.items() if held.get(key) is None}
        return Changes(new, [(key.decode(), value) for key, value in new.items()])

    def told(self, news: Sequence[tuple[str, bytes]]) -> None:
        """Note them."""
        self.heard += news


@dataclass
class Life:
    """One life of a gateway's rows of two topics."""

    database: Database
    left: FirstWins
    right: FirstWins
    follower: TopicsFollower


class TwoTopics:
    """Two topics of a test's own, and what is put on them."""

    def __init__(self, kafka: str, folder: Path) -> None:
        self.kafka, self.folder = kafka, folder
        self.left, self.right = (f"test.{side}.{uuid.uuid4()}" for side in ("left", "right"))
        TopicAdmin(KafkaConnection(kafka)).apply([self._topic(self.left), self._topic(self.right)])
        self._publisher = KafkaPublisher(KafkaConnection(kafka), client_id="test", delivery_timeout=10)
        eventually(lambda: self._publisher.available, within=20, what="Kafka is reached")

    async def put(self, topic: str, key: bytes, value: bytes) -> None:
        """Publish; returns once it is acknowledged."""
        await self._publisher.publish_raw(topic, key, value, [])

    @contextmanager
    def followed(self, **changes: int) -> Iterator[Life]:
        """Both topics are followed; `changes` are of the left one's rows."""
        left, right = FirstWins(self.left, b"left/", **changes), FirstWins(self.right, b"right/")
        database = Database(self.folder)
        connection = KafkaConnection(self.kafka)
        follower = TopicsFollower(database, [left, right], connection=connection, partitions=PARTITIONS)
        follower.start()
        try:
            yield Life(database, left, right, follower)
        finally:
            follower.stop()
            database.close()

    def is_made_anew(self, topic: str) -> None:
        """Delete a topic and create one of the same name."""
        make_anew(self.kafka, self._topic(topic))

    def close(self) -> None:
        """Let go of the producer."""
        self._publisher.close()

    def _topic(self, name: str) -> Topic:
        return Topic(name, PARTITIONS, 1, {"cleanup.policy": "delete"})


@pytest.fixture
def topics(kafka: str, tmp_path: Path) -> Iterator[TwoTopics]:
    made = TwoTopics(kafka, tmp_path / "table")
    yield made
    made.close()


async def test_each_topic_is_caught_up_with_and_its_first_records_win(topics: TwoTopics) -> None:
    with topics.followed() as life:
        for number in range(20):
            key = str(number).encode()
            await topics.put(topics.left, key, b"mine")
            await topics.put(topics.left, key, b"another's")
            await topics.put(topics.right, key, b"right")
            await asyncio.gather(*(life.follower.catch_up(topic) for topic in (topics.left, topics.right)))
            assert life.database.get_many([b"left/" + key, b"right/" + key]) == [b"mine", b"right"]
        assert sorted(life.left.heard) == sorted((f"left/{number}", b"mine") for number in range(20))


async def test_to_catch_up_with_one_topic_nobody_asks_where_another_ends(topics: TwoTopics) -> None:
    with topics.followed() as life:
        await topics.put(topics.left, b"a", b"1")
        await life.follower.catch_up(topics.left)
        topics.is_made_anew(topics.right)
        await topics.put(topics.left, b"b", b"1")
        await life.follower.catch_up(topics.left)
        assert life.database.get(b"left/b") == b"1"


async def test_after_a_restart_both_go_on_where_they_stopped(topics: TwoTopics) -> None:
    with topics.followed() as life:
        await topics.put(topics.left, b"a", b"1")
        await topics.put(topics.right, b"a", b"1")
        await asyncio.gather(*(life.follower.catch_up(topic) for topic in (topics.left, topics.right)))
    await topics.put(topics.right, b"b", b"1")
    with topics.followed() as life:
        await asyncio.gather(*(life.follower.catch_up(topic) for topic in (topics.left, topics.right)))
        assert (life.left.given, life.right.given) == ([], [b"b"])


async def test_a_topic_that_was_made_anew_is_rebuilt_and_the_other_goes_on(topics: TwoTopics) -> None:
    with topics.followed() as life:
        await topics.put(topics.left, b"old", b"1")
        await topics.put(topics.right, b"old", b"1")
        await asyncio.gather(*(life.follower.catch_up(topic) for topic in (topics.left, topics.right)))
        topics.is_made_anew(topics.left)
        eventually(lambda: life.database.get(b"left/old") is None, within=20, what="the old rows are gone")
        eventually(lambda: life.follower.fault() is None, within=20, what="the end of the new topic")
        assert life.database.get(b"right/old") == b"1"
        assert life.right.given == [b"old"]


async def test_rows_in_another_versions_format_are_rebuilt_and_the_others_go_on(topics: TwoTopics) -> None:
    with topics.followed() as life:
        await topics.put(topics.left, b"a", b"1")
        await topics.put(topics.right, b"a", b"1")
        await asyncio.gather(*(life.follower.catch_up(topic) for topic in (topics.left, topics.right)))
    with topics.followed(version=2) as life:
        await asyncio.gather(*(life.follower.catch_up(topic) for topic in (topics.left, topics.right)))
        assert (life.left.given, life.right.given) == ([b"a"], [])
        assert life.database.get(b"left/a") == b"1"


async def test_rows_of_a_topic_that_is_no_longer_followed_are_deleted(topics: TwoTopics) -> None:
    before = Database(topics.folder)
    before.write({b"row:of an older version": b"1", b"source": b"[]"})
    before.close()
    with topics.followed() as life:
        await life.follower.catch_up(topics.left)
        eventually(lambda: life.follower.fault() is None, within=20, what="the ends of the topics")
        assert life.database.get_many([b"row:of an older version", b"source"]) == [None, None]
