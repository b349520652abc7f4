"""What all tests share: the folder of real filings, and one Kafka and one Weaviate for the run."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from ops.local.kafka import LocalKafka
from ops.local.kafka_server import KafkaServer, start_kafka
from ops.local.programs import MissingProgram
from ops.local.weaviate import LocalWeaviate
from ops.local.weaviate_server import start_weaviate
from schemas.topics import catalogue
from streams.stores.weaviate_address import WeaviateAddress
from transport.connection import KafkaConnection
from transport.topics import TopicAdmin

Server = TypeVar("Server", bound=KafkaServer)

PARTITIONS = 4
"""Fewer than in production: a rebalance of the local broker is quicker, and nothing depends on the number."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Asked for the tests that run alone, import no other modules: that took a quarter of their time."""
    if config.option.markexpr == "alone" and collection_path.name.startswith("test_") and collection_path.is_file():
        return "pytest.mark.alone" not in collection_path.read_text(encoding="utf-8") or None
    return None


@pytest.fixture(scope="session")
def filings_dir() -> Path:
    """The folder of real filings with truth; they are no part of the project."""
    named = os.environ.get("SIGMAK_FILINGS_DIR")
    if named is None:
        if os.environ.get("CI") == "true":
            pytest.fail("SIGMAK_FILINGS_DIR is not set")
        pytest.skip("SIGMAK_FILINGS_DIR names no folder of real filings")
    folder = Path(named)
    assert folder.is_dir(), f"SIGMAK_FILINGS_DIR: there is no folder {folder}"
    return folder


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The bootstrap servers of a real Kafka with all topics, shared by the run: configured, a container or a process."""
    folder = tmp_path_factory.mktemp("kafka")
    yield from (server.bootstrap_servers for server in _with_topics(lambda: start_kafka(folder)))


@pytest.fixture(scope="session")
def weaviate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WeaviateAddress]:
    """A real Weaviate, shared by the run: configured or a process."""
    with without_its_programs_skipped():
        server = start_weaviate(tmp_path_factory.mktemp("weaviate"))
    yield server.address
    server.stop()


@pytest.fixture
def own_weaviate(tmp_path: Path) -> Iterator[LocalWeaviate]:
    """A real Weaviate of the test's own, to be killed and started: always a process."""
    server = LocalWeaviate(tmp_path / "weaviate")
    with without_its_programs_skipped():
        server.start()
    yield server
    server.kill()


@contextmanager
def without_its_programs_skipped() -> Iterator[None]:
    """Skip where a program that a server needs is missing; fail under CI."""
    try:
        yield
    except MissingProgram as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[LocalKafka]:
    """A real Kafka of the test's own, to be killed and started: always a process."""
    yield from _with_topics(lambda: _started(LocalKafka(tmp_path / "kafka")))


def _started(server: LocalKafka) -> LocalKafka:
    server.start()
    return server


def _with_topics(start: Callable[[], Server]) -> Iterator[Server]:
    with without_its_programs_skipped():
        server = start()
    try:
        TopicAdmin(KafkaConnection(server.bootstrap_servers)).apply(catalogue(partitions=PARTITIONS))
        yield server
    finally:
        server.stop()
