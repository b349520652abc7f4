"""A local Kafka: one broker, or a cluster of a few, as processes of this machine."""

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from ops.local.kafka_config import Listeners, Proxied, broker_settings
from ops.local.kafka_jars import kafka_jars
from ops.local.kafka_storage import DATA, Cluster, cluster_in, format_storage, write_properties
from ops.local.ports import LOOPBACK, accepts_connections, free_ports
from ops.local.process import Process, ServerDidNotStart, stop_all
from ops.local.programs import java

# The first compiler alone starts in half the time. The default heap would be a quarter of the machine.
_JVM_OPTIONS = ("-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError", "-Dlog4j2.level=WARN")
_TEMPORARY = "tmp"
"""The name of Java's temporary folder in a broker's."""
_START_WITHIN = 60.0
_STOP_WITHIN = 10.0
_PORT_TRIES = 5


def class_archive() -> Path:
    """Where the archive of Kafka's classes for this Java is, or would be: `prepare_kafka` makes it.

    Raises:
        MissingProgram: if Java is missing or too old, or Maven is while Kafka has yet to be fetched.
        KafkaNotFetched: if Maven cannot fetch it.
    """
    program = Path(java()).resolve()
    # A Java refuses another's archive, in its log at each start; so does one that was updated in its place.
    build = hashlib.sha256(f"{program} {program.stat().st_mtime_ns}".encode()).hexdigest()[:12]
    return kafka_jars() / f"classes-{build}.jsa"


def broker_answers(address: str, *, cluster_id: str, node: int) -> bool:
    """Whether this broker of this cluster answers, and takes partitions (is unfenced).

    Who answers on a port that was free a moment ago may be somebody else's Kafka, hence the two ids.
    """
    try:
        metadata = AdminClient({"bootstrap.servers": address, "log_level": 0}).list_topics(timeout=2)
    except KafkaException:
        return False
    return metadata.cluster_id == cluster_id and node in metadata.brokers


class Broker:
    """One broker's process. It keeps its ports and its data when it is killed and started again."""

    def __init__(
        self,
        node: int,
        folder: Path,
        cluster: Cluster,
        *,
        kafka: Sequence[str],
        settings: Mapping[str, str],
        port: int,
        prepared: Path,
    ) -> None:
        """`kafka` is the command line that runs a class of Kafka's, `port` the one for clients.

        `prepared` is the folder of what was prepared for Kafka's starts.
        """
        self.node = node
        self.address = _at(port)
        self._port = port
        self._folder = folder
        self._cluster = cluster
        self._kafka = kafka
        self._settings = settings
        self._prepared = prepared
        # Paths in the settings are relative to the folder: there a comma would separate, and a ü be misread.
        command = [*kafka, f"-Djava.io.tmpdir={_TEMPORARY}", "kafka.Kafka", "server.properties"]
        self.process = Process(f"kafka-{node}", command, log=folder / "server.log", cwd=folder)

    @property
    def pid(self) -> int:
        """The pid of the Java process."""
        return self.process.pid

    def launch(self) -> None:
        """Start the process, on formatted storage; returns at once.

        Raises:
            ServerDidNotStart: if its storage cannot be formatted.
        """
        # Java unpacks its native libraries there, and leaves them where it is killed: in the machine's they pile up.
        shutil.rmtree(self._folder / _TEMPORARY, ignore_errors=True)
        (self._folder / _TEMPORARY).mkdir(parents=True)
        format_storage(self._folder, self._cluster, kafka=self._kafka, settings=self._settings, prepared=self._prepared)
        write_properties(self._folder / "server.properties", {**self._settings, "log.dirs": DATA})
        self.process.start()

    def wait_until_ready(self) -> None:
        """Return when partitions can be placed on the broker and clients reach it.

        Raises:
            ServerDidNotStart: if it ends, or is not ready within a minute; with the last lines of its log.
        """
        self.process.wait_until_ready(self._answers, within=_START_WITHIN)

    def start(self) -> None:
        """Start it and wait until it is ready; in a cluster of several, while most of the others run."""
        self.launch()
        self.wait_until_ready()

    def kill(self) -> None:
        """Kill it (SIGKILL); returns when it has ended."""
        self.process.kill()

    def _answers(self) -> bool:
        # A connection is tried first: a Kafka client would wait between its own attempts.
        return accepts_connections(self._port) and broker_answers(
            self.address, cluster_id=self._cluster.id, node=self.node
        )


class LocalKafka:
    """A Kafka on 127.0.0.1 with all its data in one folder, which never outlives this process."""

    def __init__(
        self,
        folder: Path,
        *,
        brokers: int = 1,
        ports: Sequence[int] = (),
        settings: Mapping[str, str] | None = None,
        proxies: Mapping[str, Sequence[int]] | None = None,
        jvm_options: Sequence[str] = (),
    ) -> None:
        """What an earlier Kafka with as many brokers has left in `folder` is kept.

        Args:
            folder: for all its data and logs.
            brokers: how many.
            ports: for clients, one a broker; free ones by default.
            settings: win over `broker_settings`.
            proxies: name of a further listener -> the ports of its proxies, one a broker. A broker tells clients
                that come by a listener where to connect to: told its own port, they would go round the proxy.
            jvm_options: Java's, beside those that every local Kafka gets.
        """
        if brokers < 1 or any(len(each) != brokers for each in [ports or [0] * brokers, *(proxies or {}).values()]):
            raise ValueError(f"{brokers} brokers on {len(ports)} ports: at least one, and a port for each")
        self.brokers: list[Broker] = []
        self._folder = folder.resolve()
        self._count = brokers
        self._ports = list(ports)
        self._proxies = dict(proxies or {})
        self._listeners: dict[int, Listeners] = {}
        self._settings = dict(settings or {})
        self._jvm_options = list(jvm_options)

    @property
    def bootstrap_servers(self) -> str:
        """The brokers' addresses for clients, `host:port` separated by commas; once it was started."""
        return ",".join(broker.address for broker in self.brokers)

    def behind(self, proxies: str) -> list[str]:
        """Where the brokers listen for what comes by these proxies, `host:port` each; once it was started."""
        return [listeners.proxied[proxies].listens for listeners in self._listeners.values()]

    @property
    def pids(self) -> list[int]:
        """The pids of the brokers."""
        return [broker.pid for broker in self.brokers]

    @property
    def processes(self) -> list[Process]:
        """The brokers' processes."""
        return [broker.process for broker in self.brokers]

    def start(self) -> None:
        """Start all brokers and wait until each is ready. After `stop`, it starts on the same ports.

        Raises:
            MissingProgram: if Java is missing or too old, or Maven is while Kafka has yet to be fetched.
            KafkaNotFetched: if Maven cannot fetch it.
            OtherCluster: if the folder holds a cluster with another number of brokers.
            ServerDidNotStart: if a broker does not, with the last lines of its log.
        """
        archive = class_archive()
        archived = [f"-XX:SharedArchiveFile={archive}"] if archive.is_file() else []
        kafka = [java(), *_JVM_OPTIONS, *archived, *self._jvm_options, "-cp", f"{archive.parent}/*"]
        cluster = cluster_in(self._folder, brokers=self._count)
        for tries_left in reversed(range(_PORT_TRIES)):
            self.brokers = self.brokers or self._new_brokers(cluster, kafka, archive.parent)
            try:
                self._start_all()
            except ServerDidNotStart:
                if self._ports or not tries_left or not self._lost_a_port():
                    raise
                self.brokers = []
            else:
                return

    def stop(self, *, within: float = _STOP_WITHIN) -> None:
        """Stop all brokers; those that take longer than so many seconds are killed."""
        stop_all(self.processes, within=within)

    def kill(self) -> None:
        """Kill all brokers (SIGKILL)."""
        for broker in self.brokers:
            broker.kill()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _new_brokers(self, cluster: Cluster, kafka: Sequence[str], prepared: Path) -> list[Broker]:
        free = iter(free_ports((2 + len(self._proxies)) * self._count))
        ports = self._ports or [next(free) for _ in range(self._count)]
        self._listeners = {
            node: Listeners(
                clients=_at(port),
                controllers=_at(next(free)),
                proxied={name: Proxied(_at(next(free)), _at(at[node - 1])) for name, at in self._proxies.items()},
            )
            for node, port in enumerate(ports, 1)
        }
        return [
            Broker(
                node,
                self._folder / f"broker-{node}",
                cluster,
                kafka=kafka,
                port=port,
                prepared=prepared,
                settings={**broker_settings(node, self._listeners), **self._settings},
            )
            for node, port in enumerate(ports, 1)
        ]

    def _start_all(self) -> None:
        try:
            for broker in self.brokers:
                broker.launch()
            for broker in self.brokers:
                broker.wait_until_ready()
        except BaseException:
            self.kill()
            raise

    def _lost_a_port(self) -> bool:
        """Whether another process took a port between its choice and its use."""
        return any("java.net.BindException" in process.output() for process in self.processes)


def _at(port: int) -> str:
    return f"{LOOPBACK}:{port}"
