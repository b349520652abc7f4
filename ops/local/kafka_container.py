"""A Kafka in a container, for machines with a container engine."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import cast

import httpx
from docker.errors import DockerException
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import get_docker_host

from ops.local.kafka import broker_answers
from ops.local.kafka_config import Listeners, broker_settings, new_uuid
from ops.local.kafka_jars import KAFKA_VERSION
from ops.local.ports import LOOPBACK, free_ports
from ops.local.process import Process, wait_until

_IMAGE = f"apache/kafka:{KAFKA_VERSION}"
_UNIX = "unix://"
_DEFAULT_ENGINE = f"{_UNIX}/var/run/docker.sock"
_ENGINE_TIMEOUT = 2.0
_CONTAINER_DATA = "/var/lib/kafka/data"
_START_WITHIN = 60.0
_NODE = 1


class ContainerDidNotStart(RuntimeError):
    """The engine answers but Kafka does not run in it, for instance because the image cannot be pulled."""


def engine_answers() -> bool:
    """Whether a container engine of this machine answers; known within a few seconds.

    An engine elsewhere (tcp, ssh) is not asked: its containers would have to listen on more than 127.0.0.1.
    """
    engine = get_docker_host() or _DEFAULT_ENGINE
    path = engine.removeprefix(_UNIX)
    if not engine.startswith(_UNIX) or not Path(path).is_socket():
        return False
    transport = httpx.HTTPTransport(uds=path)
    try:
        with httpx.Client(transport=transport, timeout=_ENGINE_TIMEOUT) as client:
            return client.get("http://engine/_ping").is_success
    except httpx.HTTPError:
        return False


class ContainerKafka:
    """One broker in a container, which testcontainers' reaper removes with this process at the latest."""

    processes: Sequence[Process] = ()

    def __init__(self, container: DockerContainer, bootstrap_servers: str) -> None:
        """Of a container that runs; `start_container_kafka` starts one."""
        self._container = container
        self.bootstrap_servers = bootstrap_servers

    def stop(self) -> None:
        """Remove the container and its data."""
        self._container.stop()


def start_container_kafka() -> ContainerKafka:
    """Start one broker in a container, with its image pulled if needed, and return when it answers.

    Raises:
        ContainerDidNotStart: if it does not.
    """
    # The same port inside and outside: the broker, too, connects to the address that it advertises.
    port, controller_port = free_ports(2)
    address, cluster_id = f"{LOOPBACK}:{port}", new_uuid()
    try:
        container = _container(port, controller_port, cluster_id)
        with ExitStack() as undo:
            undo.callback(container.stop)
            container.start()
            wait_until(
                lambda: broker_answers(address, cluster_id=cluster_id, node=_NODE),
                within=_START_WITHIN,
                what=f"an answer of {_IMAGE}",
            )
            undo.pop_all()
    except (DockerException, TimeoutError, RuntimeError) as error:
        raise ContainerDidNotStart(f"{_IMAGE} does not run in the container engine: {error}") from error
    return ContainerKafka(container, address)


def _container(port: int, controller_port: int, cluster_id: str) -> DockerContainer:
    controllers = f"{LOOPBACK}:{controller_port}"
    settings = {
        **broker_settings(_NODE, {_NODE: Listeners(f"{LOOPBACK}:{port}", controllers)}),
        # All addresses of the container, of which only this port is bound, to this machine's loopback.
        "listeners": f"CLIENTS://0.0.0.0:{port},CONTROLLERS://{controllers}",
        "log.dirs": _CONTAINER_DATA,
    }
    container = DockerContainer(_IMAGE).with_envs(
        CLUSTER_ID=cluster_id,
        KAFKA_HEAP_OPTS="-Xmx512m",
        **{f"KAFKA_{name.upper().replace('.', '_')}": value for name, value in settings.items()},
    )
    # Typed as a port alone, which would be bound to all addresses; the engine's client takes a pair, too.
    container.ports[str(port)] = cast("int", (LOOPBACK, port))
    return container
