"""A disk that takes no write when a gateway starts on it, and one that becomes read-only under a running gateway."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import orjson
import pytest
from confluent_kafka import Producer

from schemas.identifiers import new_task_id
from schemas.topics import TASKS
from tests.system.disk import Disk, own_disk
from tests.system.parts import Gateway, System
from tests.unit.examples import a_status
from tests.waiting import eventually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="mounts a disk of its own, as Linux can")

_RECOVERED_WITHIN = 60
_NOT_FOLLOWING = "the status table does not follow its topic: "
_MORE_THAN_A_FILE = 20
"""MiB of statuses, for which the table must begin a new file: RocksDB writes 16 to the one that it has open."""


@pytest.fixture
def disk(system: System, tmp_path: Path) -> Iterator[Disk]:
    with own_disk(tmp_path / "disk") as mounted:
        system.inside = mounted.inside
        yield mounted
        system.stop()


def test_a_gateway_under_which_the_disk_becomes_read_only_says_why_and_follows_again(
    system: System, disk: Disk
) -> None:
    gateway = system.gateway(folder=disk.folder)
    known = gateway.submit()
    assert gateway.status(known)["status"] == "PENDING"
    with disk.read_only(), _large_statuses(system.kafka):
        eventually(lambda: not gateway.ready(), within=30, what="the gateway is not ready")
        assert _says_why_it_is_not_ready(gateway, "Read-only file system")
        later = gateway.submit()
        assert gateway.ask("GET", f"/tasks/{later}").status_code == 503
        assert gateway.status(known)["status"] == "PENDING"
    eventually(gateway.ready, within=_RECOVERED_WITHIN, what="the gateway is ready again")
    assert gateway.status(later)["status"] == "PENDING"
    assert gateway.process.running


@pytest.mark.parametrize(
    ("trouble", "reason"), [(Disk.read_only, "Read-only file system"), (Disk.full, "bytes are free")]
)
def test_a_gateway_that_starts_on_a_disk_that_takes_no_write_leaves_its_table_whole_and_opens_it_later(
    system: System, disk: Disk, trouble: Callable[[Disk], AbstractContextManager[None]], reason: str
) -> None:
    before = system.gateway(folder=disk.folder)
    known = before.submit()
    assert before.status(known)["status"] == "PENDING"
    before.process.stop()
    with trouble(disk):
        gateway = system.starting_gateway(folder=disk.folder)
        eventually(lambda: _says_why_it_is_not_ready(gateway, reason), within=30, what="the gateway says why")
        assert gateway.ask("GET", f"/tasks/{known}", key=before.key).status_code == 503
    eventually(gateway.ready, within=_RECOVERED_WITHIN, what="the gateway is ready")
    assert gateway.ask("GET", f"/tasks/{known}", key=before.key).json()["status"] == "PENDING"
    assert "begun anew" not in gateway.process.output()


def _says_why_it_is_not_ready(gateway: Gateway, reason: str) -> bool:
    try:
        answer = gateway.ask("GET", "/ready")
    except httpx.TransportError:
        return False  # it does not listen yet
    assert answer.status_code == 503
    return any(told.startswith(_NOT_FOLLOWING) and reason in told for told in answer.json()["reasons"])


@contextmanager
def _large_statuses(kafka: str) -> Iterator[None]:
    """The gateways' tables grow by more than one file, for the time of the block."""
    producer = Producer({"bootstrap.servers": kafka, "partitioner": "murmur2_random", "compression.type": "lz4",
                         "message.max.bytes": 8 * 1024 * 1024})  # fmt: skip
    tasks = [new_task_id() for _ in range(_MORE_THAN_A_FILE)]
    for task in tasks:
        status = a_status(task_id=task).model_dump(mode="json")
        producer.produce(TASKS, key=task, value=orjson.dumps({**status, "padding": "x" * 1024 * 1024}))
    assert producer.flush(20) == 0
    try:
        yield
    finally:
        for task in tasks:
            producer.produce(TASKS, key=task, value=None)
        assert producer.flush(20) == 0
