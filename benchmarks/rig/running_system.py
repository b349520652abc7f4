"""The local stack as `sigmak up` starts it, with settings of a benchmark."""

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.rig.processes import processor_seconds
from benchmarks.rig.warm_kafka import warm_kafka
from ops.local.kafka_server import BOOTSTRAP_VARIABLE
from ops.local.system import LocalSystem

_IDLE = 0.15
"""Of a core, in which their clients ask each other whether there is anything."""
_IDLE_SECONDS = 2.0
_IDLE_WITHIN = 60.0


@dataclass(frozen=True, slots=True)
class RunningSystem:
    """One gateway, so many workers, one broker."""

    url: str
    api_key: str
    key_id: str
    """Owns the tasks that are made with the key."""
    kafka: str
    pids: Mapping[str, list[int]]
    logs: Path

    def wait_until_idle(self) -> None:
        """Return when broker, gateway and workers do nothing: what was written last is merged on their disks meanwhile.

        Raises:
            TimeoutError: if they still do after a minute.
        """
        deadline, before = time.monotonic() + _IDLE_WITHIN, self._processor_seconds()
        while True:
            time.sleep(_IDLE_SECONDS)
            now = self._processor_seconds()
            if now - before < _IDLE * _IDLE_SECONDS:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"the system still works after {_IDLE_WITHIN:g} s of nothing to do")
            before = now

    def _processor_seconds(self) -> float:
        return sum(processor_seconds(pid) for pids in self.pids.values() for pid in pids)

    @property
    def headers(self) -> dict[str, str]:
        """What each request must have."""
        return {"X-API-Key": self.api_key}


@contextmanager
def running_system(*, workers: int, **settings: str) -> Iterator[RunningSystem]:
    """A warm Kafka, a gateway and workers that are ready, with a new vector cache.

    Args:
        workers: how many.
        settings: as `analysis="..."`.
    """
    with tempfile.TemporaryDirectory() as folder, warm_kafka() as kafka:
        variables = {f"SIGMAK_{name.upper()}": value for name, value in settings.items()}
        variables["SIGMAK_VECTOR_CACHE"] = str(Path(folder) / "vectors.sqlite")
        variables[BOOTSTRAP_VARIABLE] = kafka.bootstrap_servers
        system = LocalSystem(None, workers=workers, gateways=1, brokers=1, port=0)
        with _environment(variables), system:
            stack = system.stack
            pids = {**stack.pids, "kafka": [kafka.pid]}
            yield RunningSystem(
                stack.urls[0], system.api_key, system.key_id, kafka.bootstrap_servers, pids, system.logs
            )


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """The processes that are started inside have these variables."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
