"""Faust's clients try until they are connected with Kafka."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaConnectionError

from streams.agents import first_connection
from streams.agents.app import WorkerApp
from streams.agents.changelog_producer import ChangelogProducer
from streams.agents.consumer import ExplicitAckConsumer
from streams.agents.first_connection import connect_patiently
from streams.settings import WorkerSettings
from tests.waiting import eventually


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_connection, "_ASK_AGAIN_SECONDS", 0)


class Client:
    """aiokafka's client, which can't connect so many times."""

    def __init__(self, failures: int) -> None:
        self.failures, self.connected = failures, False

    async def bootstrap(self) -> None:
        self.failures -= 1
        if self.failures >= 0:
            raise KafkaConnectionError("nobody is there")
        self.connected = True


async def test_a_client_tries_until_it_is_connected() -> None:
    client = Client(failures=3)
    connect_patiently(cast("AIOKafkaClient", client), stopping=lambda: False)
    await client.bootstrap()
    assert client.connected


async def test_a_client_of_a_worker_that_stops_gives_up() -> None:
    client = Client(failures=1)
    connect_patiently(cast("AIOKafkaClient", client), stopping=lambda: True)
    with pytest.raises(KafkaConnectionError):
        await client.bootstrap()


@pytest.fixture
def nobody_listens() -> Iterator[str]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"


async def _nothing() -> None:
    """A drain of nothing."""


@pytest.fixture
async def app(tmp_path: Path, nobody_listens: str) -> WorkerApp:
    return WorkerApp(WorkerSettings(kafka_bootstrap_servers=nobody_listens, worker_dir=tmp_path), _nothing)


async def _tries_again(client: Any, caplog: pytest.LogCaptureFixture) -> bool:
    connecting = asyncio.create_task(client.bootstrap())
    await asyncio.to_thread(
        eventually,
        lambda: caplog.text.count("it is tried again") > 1 or connecting.done(),
        within=10,
        what="it is tried again, or ends",
    )
    return connecting.cancel()


async def test_the_producer_of_changelogs_is_such_a_client(app: WorkerApp, caplog: pytest.LogCaptureFixture) -> None:
    assert isinstance(app.producer, ChangelogProducer)
    producer = app.producer._new_producer()
    assert await _tries_again(producer.client, caplog)
    await producer.stop()


async def test_the_consumer_is_such_a_client(app: WorkerApp, caplog: pytest.LogCaptureFixture) -> None:
    assert isinstance(app.consumer, ExplicitAckConsumer)
    consumer = app.consumer._new_consumer_thread()._create_consumer(loop=asyncio.get_running_loop())
    assert await _tries_again(consumer._client, caplog)
    await consumer.stop()
