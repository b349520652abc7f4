"""The examples of upstreams and risk consumers, run as their README says, against real workers."""

import os
import re
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.local.process import Launch, Process
from schemas.topics import FILINGS, Topic
from tests.conftest import PARTITIONS
from tests.system.parts import System, header, records
from tests.waiting import eventually
from transport.connection import KafkaConnection
from transport.publisher import KafkaPublisher
from transport.topics import TopicAdmin

_EXAMPLES = Path(__file__).parents[2] / "examples"
_FILINGS = Path(__file__).parents[2] / "ops" / "demo" / "filings"
_TICKERS = ("KLMF", "BRK.B", "BF-A", "A", "GOOGL", "X1")


@pytest.fixture(scope="module", autouse=True)
def node() -> None:
    """Node and the packages of its examples."""
    if shutil.which("node") is None or not (_EXAMPLES / "node" / "node_modules").is_dir():
        missing = "Node, or the packages of its examples, which `make servers` installs"
        if os.environ.get("CI") == "true":
            pytest.fail(f"missing: {missing}")
        pytest.skip(missing)


@pytest.fixture(scope="module")
def running(kafka: str, analyses: Path, launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A worker with the real analysis."""
    system = System(kafka, tmp_path_factory.mktemp("examples"), analyses, launch)
    system.worker("real")
    yield system
    system.stop()


def command(language: str, example: str, *arguments: str) -> list[str]:
    """The command line that the README names."""
    if language == "node":
        return ["node", str(_EXAMPLES / "node" / f"{example}.mjs"), *arguments]
    return [sys.executable, str(_EXAMPLES / "python" / f"{example}.py"), *arguments]


def upstream(language: str, kafka: str, file: Path, ticker: str, year: int = 2024) -> tuple[str, int]:
    """Send a filing; returns the task and the partition that the example tells."""
    run = command(language, "upstream", kafka, str(file), ticker, str(year))
    outcome = subprocess.run(run, capture_output=True, text=True, timeout=60, check=False)
    assert outcome.returncode == 0, outcome.stderr  # a client tells there of a coordinator that was not up yet
    said = re.fullmatch(r"task ([0-9a-f-]{36}) in partition (\d+)\n", outcome.stdout)
    assert said is not None, outcome.stdout
    return said[1], int(said[2])


async def our_partitions(kafka: str) -> dict[str, int]:
    """Where the gateway's producer puts the tickers, of as many partitions."""
    topic = Topic(f"test.partitions.{uuid.uuid4()}", PARTITIONS, 1, {})
    TopicAdmin(KafkaConnection(kafka)).apply([topic])
    publisher = KafkaPublisher(KafkaConnection(kafka), client_id="test", delivery_timeout=10)
    eventually(lambda: publisher.available, within=20, what="Kafka is reached")
    for ticker in _TICKERS:
        await publisher.publish_raw(topic.name, ticker.encode(), b"any", [])
    publisher.close()
    return {(each.key() or b"").decode(): each.partition() or 0 for each in records(kafka, topic.name)}


@pytest.mark.parametrize("language", ["python", "node"])
async def test_an_upstreams_keys_land_on_the_same_partitions_as_the_gateways(
    kafka: str, tmp_path: Path, language: str
) -> None:
    letter = tmp_path / "letter.html"
    letter.write_text("<p>A letter, not a filing.</p>")
    told = {ticker: upstream(language, kafka, letter, ticker) for ticker in _TICKERS}
    ours = await our_partitions(kafka)
    assert {ticker: partition for ticker, (_, partition) in told.items()} == ours
    there = {header(each, "ce_id"): (each.key(), each.partition()) for each in records(kafka, FILINGS)}
    assert {task: there[task] for task, _ in told.values()} == {
        task: (ticker.encode(), ours[ticker]) for ticker, (task, _) in told.items()
    }


@pytest.mark.parametrize("language", ["python", "node"])
def test_a_filing_that_an_upstream_wrote_is_analysed_and_both_consumers_read_its_assessment(
    running: System, tmp_path: Path, language: str
) -> None:
    task, _ = upstream(language, running.kafka, _FILINGS / "KLMF_2024.html", "KLMF")
    for reader in ("python", "node"):
        line = first_line_of(command(reader, "risk_consumer", running.kafka, f"readers-{uuid.uuid4()}"), task, tmp_path)
        assert re.fullmatch(rf"task {task}: KLMF 2024: 0\.\d\d [A-Z].{{20,}}", line), line


def first_line_of(run: list[str], task: str, folder: Path) -> str:
    """What a consumer says of a task; it is ended by Ctrl-C after that, and ends well."""
    consumer = Process("consumer", run, log=folder / f"{uuid.uuid4()}.log")
    consumer.start()
    try:
        [line] = eventually(
            lambda: [each for each in consumer.log.read_text().splitlines() if each.startswith(f"task {task}: ")],
            within=60,
            what=f"the consumer reads the assessment of {task}",
        )
        os.kill(consumer.pid, signal.SIGINT)
        assert consumer.ended_within(20)
        assert consumer.ending() == "ended with exit code 0"
        return line
    finally:
        consumer.kill()
