"""The processes under chaos, which a supervisor starts again when they die, and the faults that befall them."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ops.local.process import Process
from ops.local.proxied_kafka import ProxiedKafka
from ops.local.toxiproxy import Link, Toxiproxy
from schemas.topics import catalogue
from tests.conftest import PARTITIONS
from tests.system.chaos.plan import Fault, ScheduledFault
from tests.system.parts import Gateway, System, Worker
from tests.waiting import eventually
from transport.connection import KafkaConnection
from transport.topics import TopicAdmin

_RESTART_SECONDS = 1.0
_MOST_WORKERS = 5


@dataclass
class Cluster:
    """Gateways, workers and forwarder, each kind behind a link of its own to one Kafka.

    Attributes:
        blows: worker processes that a fault hit while they may have had a filing in hand.
    """

    system: System
    kafka: ProxiedKafka
    analysis: str
    gateways: list[Gateway] = field(default_factory=list)
    workers: list[Worker] = field(default_factory=list)
    forwarders: list[Worker] = field(default_factory=list)
    blows: int = 0
    _closing: threading.Event = field(default_factory=threading.Event)

    def start(self, *, gateways: int, workers: int) -> None:
        """Start everything and wait until it is ready."""
        for _ in range(gateways):
            gateway = self.system.starting_gateway(**self._behind("gateways"))
            # A task is told to its owner only, and each filing is asked for at every gateway.
            gateway.key = self.gateways[0].key if self.gateways else gateway.key
            self.gateways.append(gateway)
        for _ in range(workers):
            self._add_worker()
        self.forwarders.append(self.system.follower("forwarder", wait=False, **self._behind("workers")))
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait for every process that shall run; one that a filing kills meanwhile is started again."""
        for part in (*self.gateways, *self.workers, *self.forwarders):
            eventually(part.ready, within=90, what=f"{part.process.name} is ready")

    def strike(self, scheduled: ScheduledFault, random_: random.Random) -> None:
        """Let a fault happen, and end when its time is over."""
        match scheduled.fault:
            case Fault.KILL_WORKER:
                self.blows += 1
                random_.choice(self.workers).process.kill()
            case Fault.STOP_WORKER:
                random_.choice(self.workers).process.terminate()
            case Fault.ADD_WORKER:
                if len(self.workers) < _MOST_WORKERS:
                    self._add_worker()
            case Fault.KILL_GATEWAY:
                random_.choice(self.gateways).process.kill()
            case Fault.STOP_GATEWAY:
                random_.choice(self.gateways).process.terminate()
            case Fault.KILL_FORWARDER:
                self.forwarders[0].process.kill()
            case Fault.KILL_BROKER:
                self.blows += len(self.workers)
                self.kafka.kafka.kill()
                time.sleep(scheduled.lasts)
                self.kafka.kafka.start()
            case _:
                self._break_link(scheduled)

    def heal(self) -> None:
        """End every fault that lasts."""
        for link in self.kafka.links.values():
            link.heal()
        if not all(process.running for process in self.kafka.kafka.processes):
            self.kafka.kafka.start()

    def supervise(self) -> None:
        """Start again what died, a moment later, until the cluster is closed."""
        died: dict[int, float] = {}
        while not self._closing.wait(0.1):
            for part in (*self.gateways, *self.workers, *self.forwarders):
                process = part.process
                if process.running:
                    died.pop(id(process), None)
                elif time.monotonic() - died.setdefault(id(process), time.monotonic()) > _RESTART_SECONDS:
                    process.start()

    def close(self) -> None:
        """Start nothing again."""
        self._closing.set()

    @property
    def processes(self) -> list[Process]:
        """All of them."""
        return [part.process for part in (*self.gateways, *self.workers, *self.forwarders)]

    def _add_worker(self) -> None:
        self.workers.append(
            self.system.worker(
                self.analysis, wait=False, retry_delays="[1, 2, 4]", drain_seconds=20, **self._behind("workers")
            )
        )

    def _behind(self, client: str) -> dict[str, object]:
        return {"kafka_bootstrap_servers": self.kafka.bootstrap_servers(client)}

    def _break_link(self, scheduled: ScheduledFault) -> None:
        link: Link
        if scheduled.fault in (Fault.CUT_GATEWAYS, Fault.SLOW_GATEWAYS):
            link = self.kafka.links["gateways"]
        else:
            link = self.kafka.links["workers"]
            self.blows += len(self.workers)
        if scheduled.fault is Fault.SLOW_GATEWAYS:
            link.slow(latency=0.2, bandwidth=512)
        elif scheduled.fault is Fault.SILENCE_WORKERS:
            link.half_open()
        else:
            link.cut()
        time.sleep(scheduled.lasts)
        link.heal()


@contextmanager
def running_cluster(folder: Path, analysis: str, *, gateways: int, workers: int) -> Iterator[Cluster]:
    """A cluster with a Kafka and a Toxiproxy of its own; all of it ends with the block."""
    with ExitStack() as at_end:
        toxiproxy = at_end.enter_context(Toxiproxy(folder / "toxiproxy"))
        kafka = at_end.enter_context(ProxiedKafka(folder / "kafka", toxiproxy, ["gateways", "workers"]))
        servers = kafka.kafka.bootstrap_servers
        TopicAdmin(KafkaConnection(servers)).apply(catalogue(partitions=PARTITIONS))
        analyses = folder / "analyses"
        analyses.mkdir()
        system = System(servers, folder, analyses)
        at_end.callback(system.stop)
        cluster = Cluster(system, kafka, analysis)
        cluster.start(gateways=gateways, workers=workers)
        supervisor = threading.Thread(target=cluster.supervise, name="supervisor")
        supervisor.start()
        at_end.callback(supervisor.join)
        at_end.callback(cluster.close)
        yield cluster
