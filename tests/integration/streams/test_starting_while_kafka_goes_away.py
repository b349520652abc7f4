"""Kafka goes away between a worker's look at its topics and the start of Faust's clients."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ops.local.kafka import LocalKafka
from schemas.filings import FilingSubmitted
from schemas.topics import Topic
from streams import topic_check
from streams import worker as worker_process
from streams.analysis_port import Report, Result
from streams.processor import Processor
from streams.settings import WorkerSettings
from streams.worker import Worker
from tests.conftest import PARTITIONS
from tests.waiting import eventually
from transport.topics import TopicAdmin

_TRIED_AGAIN = "Kafka went away while the worker started"


def _no_analysis(_filing: FilingSubmitted, _report: Report) -> Result:
    raise AssertionError("no filing was submitted")


@pytest.fixture
def stop(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """What SIGTERM would set."""
    stop = asyncio.Event()
    monkeypatch.setattr(worker_process, "stop_signals", lambda: stop)
    return stop


@pytest.fixture
def worker(own_kafka: LocalKafka, stop: asyncio.Event, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Worker:
    """A worker whose Kafka is killed as soon as it has found all topics right."""

    async def right_for_the_last_time(
        admin: TopicAdmin, wanted: Sequence[Topic], stop: asyncio.Event, tell: Callable[[str], None]
    ) -> bool:
        right = await topic_check.topics_are_right(admin, wanted, stop, tell)
        await asyncio.to_thread(own_kafka.kill)
        return right

    monkeypatch.setattr(worker_process, "topics_are_right", right_for_the_last_time)
    settings = WorkerSettings(
        kafka_bootstrap_servers=own_kafka.bootstrap_servers,
        partitions=PARTITIONS,
        worker_dir=tmp_path / "worker",
        worker_probe_port=0,
    )
    return Worker(settings, Processor(_no_analysis))


async def _tried_again(caplog: pytest.LogCaptureFixture) -> None:
    await asyncio.to_thread(eventually, lambda: _TRIED_AGAIN in caplog.text, within=20, what="Kafka is tried again")


async def test_the_worker_joins_its_group_when_kafka_is_back(
    own_kafka: LocalKafka, worker: Worker, stop: asyncio.Event, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    running = asyncio.create_task(worker.run())
    await _tried_again(caplog)
    await asyncio.to_thread(own_kafka.start)
    await asyncio.to_thread(
        eventually, lambda: "the worker has its partitions" in caplog.text, within=60, what="the worker is at work"
    )
    stop.set()
    await running


async def test_the_worker_ends_in_order_when_it_is_told_to_stop_before_kafka_is_back(
    worker: Worker, stop: asyncio.Event, caplog: pytest.LogCaptureFixture
) -> None:
    running = asyncio.create_task(worker.run())
    await _tried_again(caplog)
    stop.set()
    await asyncio.wait_for(running, 20)
