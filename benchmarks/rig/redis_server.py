"""A Redis of our own on this machine: the broker and result store of what tasks are compared with."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from redis import Redis
from redis.exceptions import ConnectionError as RedisAway

from ops.local.ports import LOOPBACK, free_ports
from ops.local.process import Process
from ops.local.programs import MissingProgram

_START_WITHIN = 10.0


@dataclass(frozen=True, slots=True)
class RunningRedis:
    """Where it is, and its process."""

    url: str
    pid: int


@contextmanager
def redis_server(log: Path) -> Iterator[RunningRedis]:
    """A Redis that keeps everything in memory and writes nothing to disk.

    Raises:
        MissingProgram: where `redis-server` is not installed.
    """
    program = shutil.which("redis-server")
    if program is None:
        raise MissingProgram(
            "the comparison with Celery needs Redis, and `redis-server` is not installed: install it "
            "(Debian, Ubuntu: `apt-get install redis-server`; macOS: `brew install redis`)."
        )
    port = free_ports(1)[0]
    options = ["--port", str(port), "--bind", LOOPBACK, "--save", "", "--appendonly", "no"]
    process = Process("redis", [program, *options], log=log)
    process.start()
    try:
        process.wait_until_ready(lambda: _answers(port), within=_START_WITHIN)
        yield RunningRedis(f"redis://{LOOPBACK}:{port}/0", process.pid)
    finally:
        process.stop()


def _answers(port: int) -> bool:
    try:
        with Redis(port=port) as client:
            return bool(client.ping())
    except RedisAway:
        return False
