"""The processes under chaos, which a supervisor starts again when they die, and the faults that befall them."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from gateway.keys import UNLIMITED, add_key
from ops.local.process import Process
from ops.local.proxied_kafka import ProxiedKafka
from ops.local.toxiproxy import Link, Toxiproxy
from schemas.topics import catalogue
from tests.conftest import PARTITIONS
from tests.system.chaos.faults import Fault, ScheduledFault
from tests.system.parts import Gateway, System, Worker
from tests.waiting import eventually
from transport.connection import KafkaConnection
from transport.topics import TopicAdmin
from transport.webhook_secrets import make_secret

_RESTART_SECONDS = 1.0
_MOST_WORKERS = 5
_BATCH_COMES_WITHIN = 5.0
_MIDDLE_OF_A_BATCH = 0.1
_WEBHOOKS = {"webhook_allow": '["127.0.0.1"]'}
_ATTEMPTS_OF_A_WEBHOOK = 20
"""More than any receiver fails: one that is given up is told of nothing."""

_BLOWS = {
    Fault.STOP_GATEWAY: ("gateway", Process.terminate),
    Fault.KILL_WORKER: ("worker", Process.kill), Fault.STOP_WORKER: ("worker", Process.terminate),
    Fault.KILL_FORWARDER: ("forwarder", Process.kill), Fault.STOP_FORWARDER: ("forwarder", Process.terminate),
    Fault.KILL_SENDER: ("webhooks", Process.kill), Fault.STOP_SENDER: ("webhooks", Process.terminate),
}  # fmt: skip


@dataclass
class Cluster:
    """Gateways, and workers with forwarder and sender of webhooks, each of the two behind a link of its own to one Kafka.

    Attributes:
        key: of tier high, for all gateways: a task is told to its owner only, and each is asked for at all of them.
        secret: what that key's webhooks are signed with.
        blows: worker processes that a fault hit while they may have had a filing in hand.
        endings: how processes ended, of each kind.
    """

    system: System
    kafka: ProxiedKafka
    analysis: str
    key: str
    secret: str
    gateways: list[Gateway] = field(default_factory=list)
    workers: list[Worker] = field(default_factory=list)
    followers: dict[str, Worker] = field(default_factory=dict)
    blows: int = 0
    endings: Counter[str] = field(default_factory=Counter)
    _told_to_stop: dict[str, int] = field(default_factory=dict)
    _closing: threading.Event = field(default_factory=threading.Event)

    def start(self, *, gateways: int, workers: int) -> None:
        """Start everything and wait until it is ready."""
        for _ in range(gateways):
            gateway = self.system.starting_gateway(
                **_WEBHOOKS, **self._behind("gateways"), process_secret_file=self.system.process_secret()
            )
            gateway.key = self.key
            self.gateways.append(gateway)
        for _ in range(workers):
            self._add_worker()
        delays = [1] * (_ATTEMPTS_OF_A_WEBHOOK - 1)
        for name, settings in {"forwarder": {}, "webhooks": {**_WEBHOOKS, "webhook_delays": delays}}.items():
            self.followers[name] = self.system.follower(name, wait=False, **settings, **self._behind("workers"))
        self.wait_until_ready()

    @property
    def parts(self) -> Sequence[Gateway | Worker]:
        """Every process that shall run."""
        return (*self.gateways, *self.workers, *self.followers.values())

    def wait_until_ready(self) -> None:
        """Wait for all of them; one that a filing kills meanwhile is started again."""
        for part in self.parts:
            eventually(partial(self._is_back, part), within=90, what=f"{part.process.name} is ready")

    def strike(
        self, scheduled: ScheduledFault, random_: random.Random, has_batch: Callable[[], Gateway | None]
    ) -> None:
        """Let a fault happen, and end when its time is over.

        Args:
            has_batch: the gateway that is taking a batch at this moment.
        """
        match scheduled.fault:
            case Fault.ADD_WORKER:
                if len(self.workers) < _MOST_WORKERS:
                    self._add_worker()
            case Fault.KILL_BROKER:
                self.blows += len(self.workers)
                self.kafka.kafka.kill()
                time.sleep(scheduled.lasts)
                self.kafka.kafka.start()
            case Fault.KILL_GATEWAY:
                self._busy_gateway(random_, has_batch).process.kill()
            case fault if fault in _BLOWS:
                kind, hit = _BLOWS[fault]
                self.blows += fault is Fault.KILL_WORKER
                process = random_.choice(self._of(kind)).process
                if hit is Process.terminate:
                    self._told_to_stop[process.name] = process.pid
                hit(process)
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
        died: dict[str, float] = {}
        while not self._closing.wait(0.1):
            for part in self.parts:
                process = part.process
                if process.running:
                    continue
                if process.name not in died:
                    died[process.name] = time.monotonic()
                    self.endings[f"{process.name.rpartition('-')[0]} {process.ending()}"] += 1
                elif time.monotonic() - died[process.name] > _RESTART_SECONDS:
                    del died[process.name]
                    process.start()

    def close(self) -> None:
        """Start nothing again."""
        self._closing.set()

    def _is_back(self, part: Gateway | Worker) -> bool:
        """Whether it is ready, and not still the process that was told to stop and says so until it does."""
        return part.process.pid != self._told_to_stop.get(part.process.name) and part.ready()

    def _busy_gateway(self, random_: random.Random, has_batch: Callable[[], Gateway | None]) -> Gateway:
        """One that is in the middle of a batch, if one comes soon: between two submissions there is little to break."""
        until = time.monotonic() + _BATCH_COMES_WITHIN
        while time.monotonic() < until:
            if (gateway := has_batch()) is not None:
                time.sleep(random_.uniform(0, _MIDDLE_OF_A_BATCH))
                return gateway
            time.sleep(0.002)
        return random_.choice(self.gateways)

    def _of(self, kind: str) -> Sequence[Gateway | Worker]:
        match kind:
            case "gateway":
                return self.gateways
            case "worker":
                return self.workers
        return [self.followers[kind]]

    def _add_worker(self) -> None:
        self.workers.append(
            self.system.worker(
                self.analysis,
                wait=False,
                retry_delays="[1, 2, 4]",
                drain_seconds=20,
                **self._behind("workers"),
                process_secret_file=self.system.process_secret(),
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
        owner, key = add_key(system.keys, "chaos", tier="high", limits=UNLIMITED)
        secret = make_secret(system.webhook_secrets, owner.id, now=datetime.now(UTC))
        cluster = Cluster(system, kafka, analysis, key, secret)
        cluster.start(gateways=gateways, workers=workers)
        supervisor = threading.Thread(target=cluster.supervise, name="supervisor")
        supervisor.start()
        at_end.callback(supervisor.join)
        at_end.callback(cluster.close)
        yield cluster
