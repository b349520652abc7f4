"""How the janitor reads a topic on which some partition always gets a status."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from confluent_kafka import Message, Producer

from ops.local.kafka import LocalKafka
from schemas.identifiers import new_task_id
from schemas.tasks import Progress, TaskState
from schemas.topics import LANE_RETENTION, TASKS, catalogue
from streams.janitor import Janitor
from streams.lifetimes import Lifetimes
from streams.metrics import JanitorMetrics
from streams.status_topic import StatusTopicReader
from tests.conftest import PARTITIONS
from tests.integration.materialised.topics import make_anew
from tests.unit.examples import a_status
from tests.waiting import eventually
from transport.connection import KafkaConnection
from transport.publisher import KafkaPublisher

QUIET = PARTITIONS - 1
"""The partition that gets nothing but what a test sends."""
PAUSE_SECONDS = 0.05
"""A tenth of the time that the broker holds the janitor's question."""


def now() -> datetime:
    return datetime.now(UTC)


class Tasks:
    """The topic of tasks, of which all partitions but one get a status 20 times a second."""

    def __init__(self, bootstrap_servers: str) -> None:
        self.connection, self.acknowledged = KafkaConnection(bootstrap_servers), dict[str, datetime]()
        self._producer = Producer({"bootstrap.servers": bootstrap_servers, "linger.ms": 0})
        self._stop, self._thread = threading.Event(), threading.Thread(target=self._load)
        self._readers: list[StatusTopicReader] = []

    def send(self, partition: int, state: TaskState) -> str:
        """A status of a new task."""
        status = a_status(state, task_id=new_task_id())
        if state is TaskState.PROGRESS:
            status = status.model_copy(update={"progress": Progress(current=1, status="at work")})
        value, key = status.model_dump_json().encode(), status.task_id.encode()
        self._producer.produce(TASKS, value, key, partition, on_delivery=self._note)
        return status.task_id

    def settle(self) -> None:
        """Return when all that was sent is acknowledged."""
        assert self._producer.flush(20) == 0

    def start_load(self) -> None:
        """Have the first statuses on the topic, and let the others follow."""
        self._put()
        self.settle()
        self._thread.start()

    def reader(self) -> StatusTopicReader:
        """What the janitor reads with."""
        reader = StatusTopicReader(self.connection, TASKS, partitions=PARTITIONS, now=now)
        self._readers.append(reader)
        return reader

    def close(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        for reader in self._readers:
            reader.close()
        # Its thread's target holds this object: the client would look for its Kafka, and say so, until both are found.
        del self._producer

    def _load(self) -> None:
        while not self._stop.wait(PAUSE_SECONDS):
            self._put()
            self._producer.poll(0)

    def _put(self) -> None:
        for partition in set(range(PARTITIONS)) - {QUIET}:
            self.send(partition, TaskState.PROGRESS)

    def _note(self, _error: object, message: Message) -> None:
        self.acknowledged[(message.key() or b"").decode()] = now()  # type: ignore[union-attr]


@pytest.fixture
def tasks(own_kafka: LocalKafka) -> Iterator[Tasks]:
    tasks = Tasks(own_kafka.bootstrap_servers)
    yield tasks
    tasks.close()


def known_until(reader: StatusTopicReader) -> datetime:
    """The next moment up to which the reader knows the topic."""

    def look() -> datetime | None:
        reader.read(0.5)
        return reader.known_until

    return eventually(look, within=20, what="the topic is known up to a moment")


async def test_under_a_steady_load_a_task_past_its_life_is_deleted(tasks: Tasks) -> None:
    tasks.send(0, TaskState.SUCCESS)
    tasks.start_load()
    publisher = KafkaPublisher(tasks.connection, client_id="test", delivery_timeout=10)
    lifetimes = Lifetimes(result_life=timedelta(seconds=1), lane_retention=LANE_RETENTION, now=now)
    metrics, stop = JanitorMetrics(), asyncio.Event()
    janitor = Janitor(tasks.reader(), lifetimes, publisher, metrics, LANE_RETENTION)
    cleaning = asyncio.create_task(janitor.run(stop))
    try:
        await asyncio.to_thread(
            eventually,
            lambda: metrics.registry.get_sample_value("sigmak_tasks_tombstoned_total") == 1,
            within=20,
            what="the tombstone",
        )
    finally:
        stop.set()
        await cleaning
        publisher.close()


def test_all_that_was_acknowledged_before_the_moment_has_been_read(tasks: Tasks) -> None:
    tasks.start_load()
    reader, read = tasks.reader(), set[str]()
    moments: list[datetime] = []

    def look() -> bool:
        read.update(seen.task_id for seen in reader.read(0.5))
        if (moment := reader.known_until) is not None:
            moments.append(moment)
            assert {task_id for task_id, at in [*tasks.acknowledged.items()] if at < moment} <= read
        return len(moments) == 4

    eventually(look, within=30, what="the topic is known up to four moments")
    assert moments == sorted(moments)


def test_an_end_that_is_the_mark_of_a_transaction_is_reached(tasks: Tasks) -> None:
    producer = Producer({"bootstrap.servers": tasks.connection.bootstrap_servers, "transactional.id": new_task_id()})
    producer.init_transactions(20)
    producer.begin_transaction()
    producer.produce(TASKS, b"no status", b"another program's", QUIET)
    producer.commit_transaction(20)
    tasks.start_load()
    known_until(tasks.reader())


def test_a_topic_that_was_made_anew_is_known_when_it_was_read_from_its_beginning(tasks: Tasks) -> None:
    for _ in range(10):
        tasks.send(QUIET, TaskState.SUCCESS)
    tasks.settle()
    reader, read = tasks.reader(), set[str]()
    known_until(reader)
    [topic] = [each for each in catalogue(partitions=PARTITIONS) if each.name == TASKS]
    make_anew(tasks.connection.bootstrap_servers, topic)
    task_id = tasks.send(QUIET, TaskState.SUCCESS)
    tasks.settle()
    acknowledged = now()

    def look() -> bool:
        read.update(seen.task_id for seen in reader.read(0.5))
        known = reader.known_until is not None and reader.known_until > acknowledged
        assert task_id in read or not known
        return known

    eventually(look, within=60, what="the topic is known again")
