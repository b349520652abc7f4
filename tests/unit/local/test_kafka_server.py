"""Which Kafka is taken: the configured one, a container, or a process."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.local.kafka_container import engine_answers
from ops.local.kafka_server import start_kafka


class Engine:
    """Stands in for a container engine: answers each request on its socket with `answer`, or none at all."""

    def __init__(self, path: Path, answer: bytes | None) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._answer = answer
        self._open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            connection.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            if self._answer is not None:
                connection.recv(65536)
                connection.sendall(self._answer)


@pytest.fixture
def engine_socket(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the engine is said to listen."""
    path = tmp_path_factory.mktemp("e") / "s"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    return path


@pytest.fixture
def silent_engine(engine_socket: Path) -> Iterator[None]:
    engine = Engine(engine_socket, None)
    yield
    engine.close()


@pytest.fixture
def engine(engine_socket: Path) -> Iterator[None]:
    engine = Engine(engine_socket, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK")
    yield
    engine.close()


def test_the_configured_kafka_is_taken_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGMAK_KAFKA_BOOTSTRAP_SERVERS", "kafka.example:9092")
    kafka = start_kafka(tmp_path)
    kafka.stop()
    assert kafka.bootstrap_servers == "kafka.example:9092"
    assert not kafka.processes
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("engine")
def test_an_engine_that_answers_is_found() -> None:
    assert engine_answers()


@pytest.mark.usefixtures("engine_socket")
def test_without_an_engine_none_is_found() -> None:
    assert not engine_answers()


# The HTTP client leaves the socket that could not be connected to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_socket_that_nobody_serves_is_no_engine(engine_socket: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left_over:
        left_over.bind(str(engine_socket))
    assert not engine_answers()


@pytest.mark.usefixtures("silent_engine")
def test_an_engine_that_hangs_is_given_up_within_seconds() -> None:
    began = time.monotonic()
    assert not engine_answers()
    assert time.monotonic() - began < 5


def test_an_engine_elsewhere_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.setblocking(False)
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{elsewhere.getsockname()[1]}")
        assert not engine_answers()
        with pytest.raises(BlockingIOError):
            elsewhere.accept()
