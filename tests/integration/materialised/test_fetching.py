"""The status table reads its topic in small bites: a status of any size that the topic takes must still come."""

import secrets
import uuid
from pathlib import Path

import pytest

from gateway.materialised.database import Database
from gateway.materialised.follower import TopicsFollower
from gateway.materialised.subscriptions import Subscriptions
from gateway.status_table.rows import StatusRow
from gateway.status_table.status_rows import StatusRows
from gateway.status_table.table import StatusTable
from schemas.events import task_status
from schemas.identifiers import new_task_id
from schemas.tasks import TaskError, TaskState, TaskStatus
from schemas.topics import TASKS, Topic, catalogue
from tests.unit.examples import NOON, a_status
from tests.waiting import eventually
from transport.connection import KafkaConnection
from transport.publisher import KafkaPublisher
from transport.topics import TopicAdmin

PARTITIONS = 3


@pytest.fixture
def topic(kafka: str) -> str:
    limits = next(each for each in catalogue() if each.name == TASKS).config
    wanted = Topic(f"test.statuses.{uuid.uuid4()}", PARTITIONS, 1, limits)
    TopicAdmin(KafkaConnection(kafka)).apply([wanted])
    return wanted.name


def _failure(message: str) -> TaskStatus:
    return a_status(TaskState.FAILURE, task_id=new_task_id(), error=TaskError(type="broken", message=message))


async def _tell(kafka: str, topic: str, *statuses: TaskStatus) -> None:
    publisher = KafkaPublisher(KafkaConnection(kafka), client_id="test", delivery_timeout=None)
    for status in statuses:
        event = task_status(status, source="/test", time=NOON, owner=None)
        await publisher.publish(topic, status.task_id, event)
    publisher.close()


async def test_a_status_of_nearly_the_topics_limit_is_read_and_so_are_those_behind_it(
    kafka: str, topic: str, tmp_path: Path
) -> None:
    # Random digits: lz4 makes nothing smaller of them, and the topic takes 8 MiB.
    statuses = [_failure(secrets.token_hex(3_500_000)), *(_failure("short") for _ in range(20))]
    await _tell(kafka, topic, *statuses)
    database = Database(tmp_path)
    rows = StatusRows(topic, Subscriptions())
    follower = TopicsFollower(database, [rows], connection=KafkaConnection(kafka), partitions=PARTITIONS)
    follower.start()
    eventually(lambda: follower.fault() is None, within=20, what="the end of the topic")
    follower.stop()
    table = StatusTable(database)
    assert all(isinstance(table.get(status.task_id), StatusRow) for status in statuses)
    database.close()
