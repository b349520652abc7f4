"""The whole system on this machine, as child processes: Kafka, its topics, gateways, workers, followers."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Self

import httpx

from ops.local.kafka_server import BOOTSTRAP_VARIABLE, KafkaServer
from ops.local.ports import accepts_connections
from ops.local.process import Process, ServerDidNotStart, stop_all

_READY_WITHIN = 120.0
_STOP_WITHIN = 30.0
_WATCH_INTERVAL = 0.2


class Kind(StrEnum):
    """What a part is; in the order of starting, and the value is its name in `sigmak up --json`."""

    GATEWAY = "gateways"
    WORKER = "workers"
    FOLLOWER = "followers"


@dataclass(frozen=True, slots=True)
class Part:
    """A process of the stack, which adds to `env` where Kafka is."""

    kind: Kind
    name: str
    command: Sequence[str]
    url: str
    """Where its probes are: `/ready` answers 200 when it is ready. A gateway's users find it there, too."""
    env: Mapping[str, str] = field(default_factory=dict)


class PortTaken(ServerDidNotStart):
    """Another program listens on a part's port."""


class Stack:
    """Kafka and the parts around it, all children of this process, which die with it.

    What dies is not started again.
    """

    def __init__(
        self,
        folder: Path,
        *,
        start_kafka: Callable[[], KafkaServer],
        prepare: Callable[[str], None],
        parts: Sequence[Part],
        others: Mapping[str, Sequence[Process]] | None = None,
    ) -> None:
        """`prepare` is called with Kafka's bootstrap servers before any part starts: it makes the topics.

        The parts' logs go to `folder`/logs. `others` run already, and are stopped by who started them; the stack
        tells their pids and their deaths, too.
        """
        self._folder = folder
        self._start_kafka = start_kafka
        self._prepare = prepare
        self._parts = list(parts)
        self._others = dict(others or {})
        self._processes: dict[str, Process] = {}
        self._kafka: KafkaServer | None = None
        self._to_stop = ExitStack()

    @property
    def kafka(self) -> KafkaServer:
        """The Kafka that runs.

        Raises:
            RuntimeError: before the start.
        """
        if self._kafka is None:
            raise RuntimeError("the stack was not started")
        return self._kafka

    @property
    def urls(self) -> list[str]:
        """The gateways' addresses."""
        return [part.url for part in self._of(Kind.GATEWAY)]

    @property
    def pids(self) -> dict[str, list[int]]:
        """The pids of the server processes themselves, by `kafka`, the names of others, and the values of `Kind`."""
        parts = {kind.value: [self._processes[part.name].pid for part in self._of(kind)] for kind in Kind}
        servers = {"kafka": self.kafka.processes, **self._others}
        return {**{name: [each.pid for each in processes] for name, processes in servers.items()}, **parts}

    def start(self) -> None:
        """Start Kafka, make the topics, then start all parts and wait until each is ready.

        Raises:
            PortTaken: before anything starts, if something listens where a part is to listen.
            ServerDidNotStart: if a server does not, with the last lines of its log; all others are stopped.
            MissingProgram, KafkaNotFetched, OtherCluster: as `start_kafka`.
        """
        self._refuse_taken_ports()
        try:
            self._kafka = self._start_kafka()
            self._to_stop.callback(self._kafka.stop)
            self._prepare(self._kafka.bootstrap_servers)
            # Parts load for seconds: all at once, and only then is waited for.
            for part in (part for kind in Kind for part in self._of(kind)):
                self._launch(part, self._kafka.bootstrap_servers)
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop all, kind by kind in reverse order: workers finish what they have in hand while Kafka runs."""
        with self._to_stop:
            for kind in reversed(Kind):
                names = [part.name for part in self._of(kind) if part.name in self._processes]
                stop_all([self._processes[name] for name in names], within=_STOP_WITHIN)

    def watch(self, say: Callable[[str], None]) -> None:
        """Say a line about each process that ends; goes on until it is interrupted."""
        others = [process for processes in self._others.values() for process in processes]
        alive = [*self.kafka.processes, *others, *self._processes.values()]
        while True:
            for process in [process for process in alive if not process.running]:
                say(f"{process.name} (pid {process.pid}) {process.ending()}; its log: {process.log}")
                alive.remove(process)
            time.sleep(_WATCH_INTERVAL)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _of(self, kind: Kind) -> list[Part]:
        return [part for part in self._parts if part.kind is kind]

    def _refuse_taken_ports(self) -> None:
        # Another stack's gateway would answer for ours that it is ready, before ours finds the port taken.
        for part in self._parts:
            port = httpx.URL(part.url).port
            if port and accepts_connections(port):
                raise PortTaken(f"{part.name} needs port {port}, but another program has it: choose another")

    def _launch(self, part: Part, bootstrap_servers: str) -> None:
        process = Process(
            part.name,
            part.command,
            log=self._folder / "logs" / f"{part.name}.log",
            env={**part.env, BOOTSTRAP_VARIABLE: bootstrap_servers},
        )
        process.start()
        self._processes[part.name] = process

    def _wait_until_ready(self) -> None:
        # The user's proxy is not asked about 127.0.0.1.
        with httpx.Client(timeout=1, trust_env=False) as client:
            for part in self._parts:
                ready = partial(_is_ready, client, part.url)
                self._processes[part.name].wait_until_ready(ready, within=_READY_WITHIN)


def _is_ready(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(f"{url}/ready").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
