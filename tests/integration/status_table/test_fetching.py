"""How the status table reads its topic: a status of any size that the topic takes, and no more of them at once than fit."""

import asyncio
import secrets
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from gateway.status_table.follower import StatusFollower
from gateway.status_table.rows import StatusRow
from gateway.status_table.table import StatusTable
from schemas.events import task_status
from schemas.identifiers import new_task_id
from schemas.tasks import TaskError, TaskState, TaskStatus
from schemas.topics import TASKS, Topic, catalogue
from tests.unit.examples import NOON, a_status
from tests.waiting import eventually
from transport.publisher import KafkaPublisher
from transport.topics import TopicAdmin

PARTITIONS = 3


@pytest.fixture
def topic(kafka: str) -> str:
    limits = next(each for each in catalogue() if each.name == TASKS).config
    wanted = Topic(f"test.statuses.{uuid.uuid4()}", PARTITIONS, 1, limits)
    TopicAdmin(kafka).apply([wanted])
    return wanted.name


def _failure(message: str) -> TaskStatus:
    return a_status(TaskState.FAILURE, task_id=new_task_id(), error=TaskError(type="broken", message=message))


async def _tell(kafka: str, topic: str, *statuses: TaskStatus) -> None:
    publisher = KafkaPublisher(kafka, client_id="test", delivery_timeout=None)
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
    table = StatusTable(tmp_path)
    follower = StatusFollower(table, bootstrap_servers=kafka, topic=topic, partitions=PARTITIONS)
    follower.start()
    eventually(lambda: follower.fault() is None, within=20, what="the end of the topic")
    follower.stop()
    assert all(isinstance(table.get(status.task_id), StatusRow) for status in statuses)
    table.close()


_REBUILD = """
import re, sys, time
from pathlib import Path
from gateway.status_table.follower import StatusFollower
from gateway.status_table.table import StatusTable

kafka, topic, partitions, folder = sys.argv[1:]
table = StatusTable(Path(folder))
follower = StatusFollower(table, bootstrap_servers=kafka, topic=topic, partitions=int(partitions))
follower.start()
while follower.fault() is not None:
    time.sleep(0.01)
follower.stop()
print(int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process's own peak of memory")
async def test_a_rebuild_takes_little_memory_however_well_statuses_compress(
    kafka: str, topic: str, tmp_path: Path
) -> None:
    # 600 MB that are compressed to a few: one answer of the broker could hold all of it.
    await _tell(kafka, topic, *(_failure("A fire, a flood or a strike. " * 35_000) for _ in range(600)))
    arguments = [sys.executable, "-c", _REBUILD, kafka, topic, str(PARTITIONS), str(tmp_path)]
    answer = await asyncio.to_thread(subprocess.run, arguments, capture_output=True, text=True, check=True, timeout=60)
    peak_mib = int(answer.stdout)
    assert peak_mib < 750
