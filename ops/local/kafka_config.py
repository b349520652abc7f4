"""What a local Kafka is told: the broker's settings, for a process and for a container alike."""

import base64
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

_KIB = 1024
_MIB = 1024 * _KIB


@dataclass(frozen=True, slots=True)
class Proxied:
    """A listener behind a proxy: where the broker listens, and where it says that it does, `host:port` each."""

    listens: str
    advertised: str


@dataclass(frozen=True, slots=True)
class Listeners:
    """The addresses of a broker, `host:port` each."""

    clients: str
    controllers: str
    proxied: Mapping[str, Proxied] = field(default_factory=dict)
    """Further ones for clients, by name (`^[A-Z0-9_]+$`)."""


def broker_settings(node: int, nodes: Mapping[int, Listeners]) -> dict[str, str]:
    """The settings of broker `node` among `nodes`, each of them broker and controller in one (KRaft).

    Log folders are left to the caller. Topics bring limits of their own (`max.message.bytes`, `retention.ms`)
    that win over a broker's, so none are set here.
    """
    replicas = str(min(3, len(nodes)))
    in_sync = "2" if len(nodes) >= 3 else "1"
    own = nodes[node]
    advertised = {"CLIENTS": own.clients, **{name: each.advertised for name, each in own.proxied.items()}}
    listens = {"CLIENTS": own.clients, **{name: each.listens for name, each in own.proxied.items()}}
    listens["CONTROLLERS"] = own.controllers
    return {
        "process.roles": "broker,controller",
        "node.id": str(node),
        "controller.quorum.voters": ",".join(f"{id_}@{of.controllers}" for id_, of in nodes.items()),
        "listeners": ",".join(f"{name}://{address}" for name, address in listens.items()),
        "advertised.listeners": ",".join(f"{name}://{address}" for name, address in advertised.items()),
        "inter.broker.listener.name": "CLIENTS",
        "controller.listener.names": "CONTROLLERS",
        "listener.security.protocol.map": ",".join(f"{name}:PLAINTEXT" for name in listens),
        # A topic that a client creates by asking for it has one partition and no compaction, silently.
        "auto.create.topics.enable": "false",
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": replicas,
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": in_sync,
        "share.coordinator.state.topic.replication.factor": replicas,
        "share.coordinator.state.topic.min.isr": in_sync,
        # 50 by default: their creation would make the first consumer of a new cluster wait.
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.num.partitions": "4",
        "share.coordinator.state.topic.num.partitions": "4",
        # 3 s by default, for groups of many that start at once.
        "group.initial.rebalance.delay.ms": "0",
        # 1 GiB and 10 MiB by default: each partition's two indexes are laid out at their full size.
        "log.segment.bytes": str(128 * _MIB),
        "log.index.size.max.bytes": str(512 * _KIB),
        # 128 MiB by default, filled with zeros at each start: for topics that no local Kafka ever has.
        "log.cleaner.dedupe.buffer.size": str(8 * _MIB),
        # 9 s by default, until a dead broker's partitions move, and until one that was killed may come back
        # (measured: it is ready again after 10.5 s, now 5 s). One that was frozen for 6 s served on after it.
        "broker.session.timeout.ms": "3000",
        "broker.heartbeat.interval.ms": "500",
    }


def new_uuid() -> str:
    """A random id, of a cluster or of a folder, in Kafka's form: a UUID in URL-safe base64."""
    while True:
        new = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
        # Kafka's tools would take it for an option.
        if not new.startswith("-"):
            return new
