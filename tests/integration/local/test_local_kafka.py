"""A local Kafka, the real one."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from ops.local import kafka as kafka_module
from ops.local.kafka import LocalKafka, class_archive
from ops.local.kafka_config import Listeners, broker_settings, new_uuid
from ops.local.kafka_jars import kafka_jars
from ops.local.kafka_storage import DATA, FEATURE_LEVELS, Cluster, OtherCluster, format_storage
from ops.local.ports import free_ports
from ops.local.process import ServerDidNotStart, wait_until
from ops.local.programs import java
from tests.unit.local.processes import alive, command_of

TOPIC = "kept"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kafka")


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[LocalKafka]:
    """One broker for the tests that leave it as it is."""
    with LocalKafka(folder) as kafka:
        yield kafka


def create(kafka: LocalKafka, topic: str, *, replicas: int = 1, **settings: str) -> None:
    config = {name.replace("_", "."): value for name, value in settings.items()}
    new = NewTopic(topic, num_partitions=1, replication_factor=replicas, config=config)
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 0})
    admin.create_topics([new])[topic].result(30)


def send(kafka: LocalKafka, value: bytes, topic: str = TOPIC) -> None:
    """Send one message; raises unless all replicas that are in sync acknowledge it."""
    failures: list[object] = []
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "acks": "all", "log_level": 0,
                         "compression.type": "lz4", "message.max.bytes": 64 * 1024 * 1024, "delivery.timeout.ms": 30_000})  # fmt: skip
    producer.produce(topic, value, on_delivery=lambda error, _: failures.append(error) if error else None)
    assert producer.flush(30) == 0
    assert not failures, failures


def first_message(kafka: LocalKafka, topic: str = TOPIC) -> bytes | None:
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap_servers, "group.id": "reader", "log_level": 0})
    try:
        consumer.assign([TopicPartition(topic, 0, 0)])
        message = consumer.poll(30)
        assert message is not None
        assert message.error() is None
        return message.value()
    finally:
        consumer.close()


def open_files(pid: int) -> Iterator[str]:
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            yield str(link.readlink())


def listening_addresses(pid: int) -> set[str]:
    """The addresses on which a process listens, as the kernel has them: hexadecimal, in its byte order."""
    sockets = {link.removeprefix("socket:[").removesuffix("]") for link in open_files(pid)}
    listening = "0A"
    return {
        row[1].partition(":")[0]
        for table in ("tcp", "tcp6")
        for row in (line.split() for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:])
        if row[3] == listening and row[9] in sockets
    }


def test_it_loads_its_classes_from_the_archive(running: LocalKafka) -> None:
    """`make servers` made it."""
    assert str(class_archive()) in Path(f"/proc/{running.pids[0]}/maps").read_text()


def test_it_answers_and_keeps_messages(running: LocalKafka) -> None:
    create(running, "answers")
    send(running, b"hello", "answers")
    assert first_message(running, "answers") == b"hello"


def test_consumers_in_groups_of_the_new_protocol_are_served(running: LocalKafka) -> None:
    create(running, "grouped")
    send(running, b"hello", "grouped")
    consumer = Consumer({"bootstrap.servers": running.bootstrap_servers, "group.id": "new", "log_level": 0,
                         "group.protocol": "consumer", "auto.offset.reset": "earliest"})  # fmt: skip
    try:
        consumer.subscribe(["grouped"])
        message = consumer.poll(30)
        assert message is not None
        assert message.value() == b"hello"
    finally:
        consumer.close()


def test_a_topic_that_nobody_created_does_not_come_to_be(running: LocalKafka) -> None:
    producer = Producer({"bootstrap.servers": running.bootstrap_servers, "message.timeout.ms": 2000})
    producer.produce("undeclared", b"x")
    producer.flush(5)
    admin = AdminClient({"bootstrap.servers": running.bootstrap_servers})
    assert "undeclared" not in admin.list_topics(timeout=10).topics


def test_what_java_unpacks_is_in_the_brokers_folder(running: LocalKafka, folder: Path) -> None:
    create(running, "compressed")
    send(running, b"x" * 10_000, "compressed")
    assert list((folder / "broker-1" / "tmp").glob("liblz4*.so"))


def test_a_topics_own_size_limit_rules(running: LocalKafka) -> None:
    create(running, "large", max_message_bytes=str(16 * 1024 * 1024))
    send(running, os.urandom(12 * 1024 * 1024), "large")
    create(running, "small", max_message_bytes="1000")
    with pytest.raises(AssertionError, match="MSG_SIZE_TOO_LARGE"):
        send(running, os.urandom(2000), "small")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_listens_on_the_loopback_address_only(running: LocalKafka) -> None:
    loopback = {"0100007F", "0000000000000000FFFF00000100007F"}
    addresses = listening_addresses(running.pids[0])
    assert addresses
    assert addresses <= loopback


def test_data_survive_a_stop_and_a_start_of_another_process_on_a_chosen_port(tmp_path: Path) -> None:
    with LocalKafka(tmp_path) as first:
        create(first, TOPIC)
        send(first, b"before")
    ended_on_sigterm = "ended with exit code 143"
    assert [process.ending() for process in first.processes] == [ended_on_sigterm]
    port = free_ports(1)[0]
    with LocalKafka(tmp_path, ports=[port]) as second:
        assert second.bootstrap_servers == f"127.0.0.1:{port}"
        assert first_message(second) == b"before"


def test_a_killed_broker_starts_again_on_its_port_with_its_data(tmp_path: Path) -> None:
    with LocalKafka(tmp_path) as kafka:
        create(kafka, TOPIC)
        send(kafka, b"before")
        address, pid = kafka.bootstrap_servers, kafka.pids[0]
        left = tmp_path / "broker-1" / "tmp" / "left by the killed one"
        left.touch()
        kafka.kill()
        kafka.start()
        assert not left.exists()
        assert kafka.bootstrap_servers == address
        assert kafka.pids != [pid]
        assert first_message(kafka) == b"before"


def test_a_chosen_port_that_is_taken_is_an_error_with_the_brokers_words(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        kafka = LocalKafka(tmp_path, ports=[other.getsockname()[1]])
        with pytest.raises(ServerDidNotStart, match=r"kafka-1 ended with (.|\n)*Address already in use"):
            kafka.start()


def test_a_port_lost_to_another_process_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        lost = other.getsockname()[1]
        choices = iter([[lost, free_ports(1)[0]], free_ports(2)])
        monkeypatch.setattr(kafka_module, "free_ports", lambda _count: next(choices))
        with LocalKafka(tmp_path) as kafka:
            assert kafka.bootstrap_servers != f"127.0.0.1:{lost}"


def test_a_storage_is_formatted_as_kafkas_own_tool_does_it(running: LocalKafka, folder: Path, tmp_path: Path) -> None:
    """`make servers` prepared the one, and not the other."""
    _format_by_kafkas_tool(tmp_path)
    by_the_tool, prepared = tmp_path / DATA, folder / "broker-1" / DATA
    assert _feature_levels(by_the_tool) == _feature_levels(prepared)
    assert len(_feature_levels(prepared)) > 3
    assert _identity(by_the_tool) == _identity(prepared) == {"version", "cluster.id", "node.id", "directory.id"}


def test_a_wrong_setting_is_shown_when_a_new_folder_is_formatted(tmp_path: Path) -> None:
    with pytest.raises(ServerDidNotStart, match=r"Kafka could not format(.|\n)*num\.io\.threads"):
        _format_by_kafkas_tool(tmp_path, {"num.io.threads": "many"})


def _format_by_kafkas_tool(folder: Path, settings: Mapping[str, str] | None = None) -> None:
    format_storage(
        folder,
        Cluster(new_uuid(), brokers=1),
        kafka=[java(), "-cp", f"{kafka_jars()}/*"],
        settings={**broker_settings(1, {1: Listeners("127.0.0.1:1", "127.0.0.1:2")}), **(settings or {})},
        prepared=folder / "nothing",
    )


def _feature_levels(storage: Path) -> set[bytes]:
    # A name, a byte that ends it, and the level in two.
    return set(re.findall(rb"[a-z.]+\.version.{3}", (storage / FEATURE_LEVELS).read_bytes(), re.DOTALL))


def _identity(storage: Path) -> set[str]:
    lines = (storage / "meta.properties").read_text().splitlines()
    return {line.partition("=")[0] for line in lines if not line.startswith("#")}


def test_a_wrong_setting_is_shown_when_the_broker_starts(tmp_path: Path) -> None:
    with LocalKafka(tmp_path):
        pass
    broken = LocalKafka(tmp_path, settings={"num.io.threads": "many"})
    with pytest.raises(ServerDidNotStart, match=r"kafka-1 ended with exit code 1 (.|\n)*num\.io\.threads"):
        broken.start()


@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel of Linux")
def test_it_dies_with_its_parent_when_that_is_killed(tmp_path: Path) -> None:
    script = (
        "import pathlib, sys, time\n"
        "from ops.local.kafka import LocalKafka\n"
        "kafka = LocalKafka(pathlib.Path(sys.argv[1]))\n"
        "kafka.start(); print(kafka.pids[0], flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    with parent.stdout:
        broker = int(parent.stdout.readline())
    assert "kafka.Kafka" in command_of(broker)
    parent.kill()
    parent.wait()
    try:
        wait_until(lambda: not alive(broker), within=10, what="the broker's end")
    finally:
        if alive(broker):
            os.kill(broker, signal.SIGKILL)


def test_three_brokers_take_messages_while_one_is_dead(tmp_path: Path) -> None:
    with LocalKafka(tmp_path, brokers=3) as kafka:
        create(kafka, TOPIC, replicas=3)
        kafka.brokers[0].kill()
        send(kafka, b"with two of three")
        kafka.brokers[0].start()
        kafka.brokers[1].kill()
        assert first_message(kafka) == b"with two of three"
        resource = ConfigResource(ResourceType.TOPIC, TOPIC)
        admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 0})
        assert admin.describe_configs([resource])[resource].result(30)["min.insync.replicas"].value == "2"
    with pytest.raises(OtherCluster):
        LocalKafka(tmp_path, brokers=1).start()
