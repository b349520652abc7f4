"""A Kafka that has run for a while: its Java compiles no more, as in production, and not at the cost of figures.

A broker that has just started compiles for a minute of its load. On two cores that took half of each submission's time.
"""

import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from benchmarks.rig.bare_producer import acknowledged_a_second
from benchmarks.rig.processes import thread_seconds
from ops.local.kafka import LocalKafka
from schemas.topics import DEFAULT_PARTITIONS, TASKS, catalogue
from transport.connection import KafkaConnection
from transport.topics import TopicAdmin

_VARIABLE = "SIGMAK_BENCHMARK_KAFKA"
"""Where the Kafka of this run of all benchmarks is, and its pid."""
_JAVA = (
    # What Kafka's own start script gives it. The local stack's has the first compiler alone, to start faster.
    "-XX:TieredStopAtLevel=4",
    "-XX:MaxGCPauseMillis=20",
    "-XX:InitiatingHeapOccupancyPercent=35",
    "-XX:+ExplicitGCInvokesConcurrent",
)
_COMPILER = "C2 Compiler"
_CALM = 0.05
"""Of a core that the compiler takes at most when all that counts is compiled."""
_LOOK_SECONDS = 3.0
_WARM_WITHIN = 120.0
_IN_FLIGHT = 20
_VALUES = [*[os.urandom(1_000)] * 50, os.urandom(300_000)]
_GONE_WITHIN = 30.0


@dataclass(frozen=True, slots=True)
class WarmKafka:
    """One broker without topics."""

    bootstrap_servers: str
    pid: int


@contextmanager
def warm_kafka() -> Iterator[WarmKafka]:
    """The Kafka of `one_for_all`, emptied; else one of its own."""
    given = os.environ.get(_VARIABLE)
    if given is None:
        with _warmed_up() as kafka:
            yield kafka
    else:
        servers, pid = given.split()
        _delete_topics(servers)
        yield WarmKafka(servers, int(pid))


@contextmanager
def one_for_all() -> Iterator[None]:
    """One Kafka, warmed up once, for all benchmarks that this process starts."""
    with _warmed_up() as kafka:
        os.environ[_VARIABLE] = f"{kafka.bootstrap_servers} {kafka.pid}"
        try:
            yield
        finally:
            del os.environ[_VARIABLE]


@contextmanager
def _warmed_up() -> Iterator[WarmKafka]:
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        LocalKafka(Path(folder), jvm_options=_JAVA) as kafka,
    ):
        warm = WarmKafka(kafka.bootstrap_servers, kafka.pids[0])
        TopicAdmin(KafkaConnection(warm.bootstrap_servers)).apply(catalogue())
        _warm_up(warm)
        _delete_topics(warm.bootstrap_servers)
        yield warm


def _warm_up(kafka: WarmKafka) -> None:
    """Produce and read until the compiler has nothing left to do."""
    stop = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        # First: what asks a new topic for its end may be told that nobody leads it yet.
        _produce(kafka)
        reading = threads.submit(_read, kafka.bootstrap_servers, stop)
        try:
            _produce_until_calm(kafka)
        finally:
            stop.set()
        reading.result()


def _produce_until_calm(kafka: WarmKafka) -> None:
    deadline = time.monotonic() + _WARM_WITHIN
    while time.monotonic() < deadline:
        before = thread_seconds(kafka.pid, _COMPILER)
        _produce(kafka)
        if thread_seconds(kafka.pid, _COMPILER) - before < _CALM * _LOOK_SECONDS:
            return
    print(f"Kafka still compiles after {_WARM_WITHIN:g} s: figures are those of a cold one", file=sys.stderr)


def _produce(kafka: WarmKafka) -> None:
    acknowledged_a_second(kafka.bootstrap_servers, TASKS, _VALUES, in_flight=_IN_FLIGHT, seconds=_LOOK_SECONDS)


def _read(servers: str, stop: threading.Event) -> None:
    """Read what comes, and ask now and then where the topic ends, as gateways do."""
    partitions = [TopicPartition(TASKS, partition, OFFSET_BEGINNING) for partition in range(DEFAULT_PARTITIONS)]
    admin = AdminClient({"bootstrap.servers": servers})
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "warm-up", "enable.auto.commit": False})
    consumer.assign(partitions)
    while not stop.is_set():
        consumer.consume(500, timeout=0.05)
        for ends in admin.list_offsets(dict.fromkeys(partitions, OffsetSpec.latest())).values():
            ends.result(10)
    consumer.close()


def _delete_topics(servers: str) -> None:
    admin = AdminClient({"bootstrap.servers": servers})

    def there() -> list[str]:
        return [name for name in admin.list_topics(timeout=10).topics if name.startswith("sigmak.")]

    if found := there():
        for deleted in admin.delete_topics(found).values():
            deleted.result(10)
    deadline = time.monotonic() + _GONE_WITHIN
    while there():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{servers} does not delete its topics")
        time.sleep(0.05)
