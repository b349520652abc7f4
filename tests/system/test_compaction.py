"""Compaction does not take the end of a task away for a late status: a gateway that rebuilds finds it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from gateway.keys import read_keys
from ops.local.kafka import LocalKafka
from ops.local.process import Launch
from schemas.envelope import OWNER_HEADER
from schemas.tasks import TaskState
from schemas.topics import ATTEMPTS_CHANGELOG, TASKS, catalogue
from tests.conftest import PARTITIONS
from tests.system.parts import System, records
from tests.unit.examples import TASK_ID, a_status
from tests.waiting import eventually
from transport.connection import KafkaConnection
from transport.topics import TopicAdmin

EAGER = {"segment.ms": "100", "min.cleanable.dirty.ratio": "0.0"}
"""What makes the broker compact at once whatever `min.compaction.lag.ms` lets it."""


@pytest.fixture
def compacting_kafka(tmp_path: Path) -> Iterator[str]:
    """The bootstrap servers of a Kafka that compacts at once what it may."""
    with LocalKafka(tmp_path / "kafka", settings={"log.cleaner.backoff.ms": "100"}) as kafka:
        servers = kafka.bootstrap_servers
        TopicAdmin(KafkaConnection(servers)).apply(catalogue(partitions=PARTITIONS))
        admin = AdminClient({"bootstrap.servers": servers})
        for topic in (TASKS, ATTEMPTS_CHANGELOG):
            eager = [
                ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in EAGER.items()
            ]
            resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=eager)
            admin.incremental_alter_configs([resource])[resource].result(10)
        yield servers


def test_a_gateway_that_rebuilds_after_compaction_still_knows_the_end(
    compacting_kafka: str, launch: Launch, tmp_path: Path
) -> None:
    system = System(compacting_kafka, tmp_path, tmp_path, launch)
    try:
        gateway = system.gateway()
        [key] = read_keys(system.keys)
        producer = Producer({"bootstrap.servers": compacting_kafka, "partitioner": "murmur2_random"})

        def write(topic: str, status: TaskState, task_id: str) -> None:
            value = a_status(status, task_id=task_id).model_dump_json().encode()
            producer.produce(topic, value, task_id.encode(), headers=[(OWNER_HEADER, key.id)])
            assert producer.flush(10) == 0

        for state in (TaskState.SUCCESS, TaskState.PROGRESS):  # the second by a zombie
            write(TASKS, state, TASK_ID)
            write(ATTEMPTS_CHANGELOG, state, TASK_ID)
        eventually(
            lambda: _compacted(compacting_kafka, write), within=60, what="the broker compacts what it may compact"
        )
        assert gateway.ask("GET", f"/tasks/{TASK_ID}").json()["status"] == "SUCCESS"
        rebuilt = system.gateway(folder=tmp_path / "rebuilt")
        rebuilt.key = gateway.key
        assert rebuilt.ask("GET", f"/tasks/{TASK_ID}").json()["status"] == "SUCCESS"
    finally:
        system.stop()


def _compacted(kafka: str, write: Callable[[str, TaskState, str], None]) -> bool:
    """Whether of two records of one key the first is gone where no lag protects it."""
    # The active segment is never compacted: further records make it an old one.
    for topic in (TASKS, ATTEMPTS_CHANGELOG):
        for number in range(PARTITIONS * 3):
            write(topic, TaskState.PENDING, f"{TASK_ID[:-2]}{number:02}")
    return sum(message.key() == TASK_ID.encode() for message in records(kafka, ATTEMPTS_CHANGELOG)) == 1
