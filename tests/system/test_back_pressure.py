"""More than can be worked on: it waits in Kafka, not in anybody's memory, and nobody urgent waits behind it."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer

from ops.local.kafka import LocalKafka
from ops.local.process import Launch
from schemas.events import filing_submitted
from schemas.filings import FilingSubmitted
from schemas.identifiers import new_task_id, task_created_at
from schemas.topics import FILINGS, FILINGS_PRIORITY, RISKS
from tests.system.parts import System, Worker, header, records
from tests.waiting import eventually

MIB = 1024 * 1024
FILINGS_WAITING = 1000
DOCUMENT_BYTES = 2 * MIB


@pytest.fixture
def system(own_kafka: LocalKafka, launch: Launch, tmp_path: Path) -> Iterator[System]:
    """With a Kafka of its own: most of the filings are never begun, and would be left to the workers of other tests."""
    running = System(own_kafka.bootstrap_servers, tmp_path, tmp_path, launch)
    yield running
    running.stop()


def peak_memory(pid: int) -> int:
    """The most memory that a process ever had, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


def document(random_: random.Random) -> str:
    """2 MiB that compress about as well as prose."""
    words = ["".join(random_.choices("abcdefghijklmnopqrstuvwxyz", k=random_.randint(2, 9))) for _ in range(4000)]
    text = " ".join(random_.choices(words, k=DOCUMENT_BYTES // 4))
    return text[:DOCUMENT_BYTES]


class Upstream:
    """Writes filing events to Kafka itself."""

    def __init__(self, kafka: str) -> None:
        self._producer = Producer(
            {
                "bootstrap.servers": kafka,
                "compression.type": "lz4",
                "partitioner": "murmur2_random",
                "message.max.bytes": 64 * MIB,
                "queue.buffering.max.kbytes": 64 * 1024,
            }
        )

    def send(self, lane: str, ticker: str, content: str) -> str:
        """One event; returns its task id."""
        task_id = new_task_id()
        filing = FilingSubmitted(ticker=ticker, filing_year=2024, html_content=content)
        made = task_created_at(task_id)
        assert made is not None
        event = filing_submitted(filing, task_id=task_id, source="/upstream", time=made, owner=None)
        while True:
            try:
                self._producer.produce(lane, event.data, ticker.encode(), headers=event.headers())
                break
            except BufferError:
                self._producer.poll(0.1)
        return task_id

    def flush(self) -> None:
        assert self._producer.flush(60) == 0


def ended(worker: Worker) -> int:
    """How many filings the worker has ended."""
    shown = worker.ask("/metrics").text
    counts = [line for line in shown.splitlines() if line.startswith('sigmak_filings_finished_total{state="SUCCESS"}')]
    return sum(int(float(line.split()[1])) for line in counts)


def assessed(system: System, task_id: str) -> bool:
    return any(header(message, "ce_id") == task_id for message in records(system.kafka, RISKS))


def test_a_worker_keeps_its_memory_with_a_thousand_large_filings_and_takes_an_urgent_one_first(system: System) -> None:
    upstream, random_ = Upstream(system.kafka), random.Random(1)
    texts = [document(random_) for _ in range(4)]
    for number in range(FILINGS_WAITING):
        upstream.send(FILINGS, f"B{number % 50}", texts[number % len(texts)])
    upstream.flush()
    worker = system.worker("plodding")
    eventually(lambda: ended(worker) > 20, within=60, what="the worker is busy with them")
    urgent = upstream.send(FILINGS_PRIORITY, "URGENT", texts[0])
    upstream.flush()
    eventually(lambda: assessed(system, urgent), within=20, what="the urgent filing")
    overtaken = FILINGS_WAITING - ended(worker)
    assert overtaken > FILINGS_WAITING // 2
    eventually(lambda: ended(worker) > FILINGS_WAITING - overtaken + 100, within=60, what="a hundred more")
    assert peak_memory(worker.process.pid) < 2 * 1024 * MIB
