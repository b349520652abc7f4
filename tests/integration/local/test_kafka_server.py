"""Which Kafka is taken, where a real one has to be started for it."""

import logging
import socket
from pathlib import Path
from threading import Thread

import pytest
from confluent_kafka.admin import AdminClient

from ops.local.kafka_container import engine_answers, start_container_kafka
from ops.local.kafka_server import start_kafka


@pytest.fixture(autouse=True)
def nothing_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SIGMAK_KAFKA_BOOTSTRAP_SERVERS", raising=False)


def test_without_a_container_engine_kafka_is_a_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-engine")
    kafka = start_kafka(tmp_path / "kafka")
    try:
        assert [process.running for process in kafka.processes] == [True]
    finally:
        kafka.stop()


def test_kafka_is_a_process_where_the_engine_cannot_run_it(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    folder = tmp_path_factory.mktemp("e")
    with socket.socket(socket.AF_UNIX) as engine:
        engine.bind(f"{folder}/s")
        engine.listen()
        Thread(target=says_ok_to_everything, args=[engine], daemon=True).start()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{folder}/s")
        with caplog.at_level(logging.WARNING):
            kafka = start_kafka(folder / "kafka")
        engine.shutdown(socket.SHUT_RDWR)
    try:
        assert [process.running for process in kafka.processes] == [True]
        assert "Kafka is started as a process instead" in caplog.text
    finally:
        kafka.stop()


def test_a_container_serves_kafka_where_an_engine_answers() -> None:
    if not engine_answers():
        pytest.skip("no container engine answers")
    kafka = start_container_kafka()
    try:
        assert AdminClient({"bootstrap.servers": kafka.bootstrap_servers}).list_topics(timeout=10).brokers
    finally:
        kafka.stop()


def says_ok_to_everything(engine: socket.socket) -> None:
    while True:
        try:
            connection, _ = engine.accept()
        except OSError:
            return
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK")
