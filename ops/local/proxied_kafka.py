"""A local Kafka that each client reaches by a link of its own, to be broken for it alone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from ops.local.kafka import LocalKafka
from ops.local.ports import LOOPBACK
from ops.local.toxiproxy import Link, Toxiproxy


class ProxiedKafka:
    """A Kafka and a link to it for each of `clients`; who is no client of a link reaches it directly."""

    def __init__(self, folder: Path, toxiproxy: Toxiproxy, clients: Sequence[str], *, brokers: int = 1) -> None:
        """`toxiproxy` runs. `clients` are names of links: letters, digits and hyphens."""
        self.links: dict[str, Link] = {client: toxiproxy.link(client, addresses=brokers) for client in clients}
        proxies = {_listener(client): link.ports for client, link in self.links.items()}
        self.kafka = LocalKafka(folder, brokers=brokers, proxies=proxies)

    def bootstrap_servers(self, client: str) -> str:
        """Where this client connects to, `host:port` separated by commas."""
        return ",".join(f"{LOOPBACK}:{port}" for port in self.links[client].ports)

    def start(self) -> None:
        """Start Kafka, as `LocalKafka.start` does, and lead the links to it."""
        self.kafka.start()
        for client, link in self.links.items():
            link.lead_to(self.kafka.behind(_listener(client)))

    def stop(self) -> None:
        """Stop Kafka; the links end with their Toxiproxy."""
        self.kafka.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _listener(client: str) -> str:
    return client.upper().replace("-", "_")
