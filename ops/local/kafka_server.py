"""The Kafka to work with: the configured one, else a container, else a local process."""

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ops.local.kafka import LocalKafka
from ops.local.process import Process

BOOTSTRAP_VARIABLE = "SIGMAK_KAFKA_BOOTSTRAP_SERVERS"

log = logging.getLogger(__name__)


class KafkaServer(Protocol):
    """A Kafka that runs."""

    @property
    def bootstrap_servers(self) -> str:
        """Brokers to start from, `host:port` separated by commas."""

    @property
    def processes(self) -> Sequence[Process]:
        """The brokers that are processes of ours; none where Kafka is configured or in a container."""

    def stop(self) -> None:
        """Stop what was started."""


@dataclass(frozen=True, slots=True)
class ConfiguredKafka:
    """A Kafka that somebody else runs."""

    bootstrap_servers: str
    processes: Sequence[Process] = ()

    def stop(self) -> None:
        """Leave it as it is."""


def start_kafka(folder: Path, *, brokers: int = 1, ports: Sequence[int] = (), keep_data: bool = False) -> KafkaServer:
    """Start the first that applies, and return it when it answers.

    1. What `SIGMAK_KAFKA_BOOTSTRAP_SERVERS` names; it is not asked whether it answers.
    2. A container, where a container engine answers and nothing is wanted that only a process gives: several
       brokers, chosen ports, data that is still in `folder` at the next start (`keep_data`).
    3. A local process.

    Raises:
        MissingProgram, KafkaNotFetched, OtherCluster, ServerDidNotStart: as `LocalKafka.start`.
    """
    configured = os.environ.get(BOOTSTRAP_VARIABLE)
    if configured:
        return ConfiguredKafka(configured)
    if brokers == 1 and not ports and not keep_data:
        container = _start_container()
        if container is not None:
            return container
    local = LocalKafka(folder, brokers=brokers, ports=ports)
    local.start()
    return local


def _start_container() -> KafkaServer | None:
    # Importing testcontainers takes longer than asking the engine: a quarter of a second.
    from ops.local.kafka_container import ContainerDidNotStart, engine_answers, start_container_kafka

    if not engine_answers():
        return None
    try:
        return start_container_kafka()
    except ContainerDidNotStart as error:
        log.warning("%s; Kafka is started as a process instead", error)
        return None
