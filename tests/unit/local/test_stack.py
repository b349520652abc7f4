"""The stack: what starts in which order, what stops in which, and what it says about itself."""

import os
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ops.local.ports import free_ports
from ops.local.process import Process, ServerDidNotStart, wait_until
from ops.local.stack import Kind, Part, PortTaken, Stack

PART = Path(__file__).with_name("part.py")
WATCHED = "all deaths are told"


@dataclass
class Notes:
    """What happened, in order."""

    file: Path

    def add(self, line: str) -> None:
        with self.file.open("a") as file:
            file.write(f"{line}\n")

    def __call__(self) -> list[str]:
        return self.file.read_text().splitlines()


@dataclass
class FakeKafka:
    """Notes that it starts and stops; with a process of its own, to be killed."""

    notes: Notes
    process: Process
    bootstrap_servers: str = "127.0.0.1:1"
    processes: Sequence[Process] = field(init=False)

    def __post_init__(self) -> None:
        self.processes = [self.process]

    def start(self) -> "FakeKafka":
        self.process.start()
        self.notes.add("kafka starts")
        return self

    def stop(self) -> None:
        self.process.kill()
        self.notes.add("kafka stops")


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    return Notes(tmp_path / "notes")


@pytest.fixture
def kafka(notes: Notes, tmp_path: Path) -> Iterator[FakeKafka]:
    fake = FakeKafka(notes, Process("kafka-1", ["sleep", "600"], log=tmp_path / "kafka.log"))
    yield fake
    fake.process.kill()


def a_part(kind: Kind, name: str, notes: Notes, *more: str) -> Part:
    port = free_ports(1)[0]
    return Part(kind, name, [sys.executable, str(PART), str(port), name, str(notes.file), *more],
                f"http://127.0.0.1:{port}")  # fmt: skip


def a_stack(folder: Path, kafka: FakeKafka, parts: Sequence[Part]) -> Stack:
    def make_topics(servers: str) -> None:
        kafka.notes.add(f"topics at {servers}")

    return Stack(folder, start_kafka=kafka.start, prepare=make_topics, parts=parts)


def all_parts(notes: Notes) -> list[Part]:
    return [
        a_part(Kind.FOLLOWER, "forwarder", notes),
        a_part(Kind.WORKER, "worker-1", notes),
        a_part(Kind.GATEWAY, "gateway-1", notes),
    ]


def test_kafka_then_topics_then_parts_that_are_told_where_kafka_is(
    tmp_path: Path, kafka: FakeKafka, notes: Notes
) -> None:
    with a_stack(tmp_path, kafka, all_parts(notes)):
        events = notes()
    assert events[:2] == ["kafka starts", "topics at 127.0.0.1:1"]
    starts = {"gateway-1 starts with 127.0.0.1:1", "worker-1 starts with 127.0.0.1:1",
              "forwarder starts with 127.0.0.1:1"}  # fmt: skip
    assert starts < set(events[2:])


def test_it_has_started_when_each_part_is_ready(tmp_path: Path, kafka: FakeKafka, notes: Notes) -> None:
    parts = [a_part(Kind.GATEWAY, "quick", notes), a_part(Kind.WORKER, "slow", notes, "0.3")]
    with a_stack(tmp_path, kafka, parts):
        assert {"quick is ready", "slow is ready"} < set(notes())


def test_followers_and_workers_stop_before_gateways_and_kafka_last(
    tmp_path: Path, kafka: FakeKafka, notes: Notes
) -> None:
    with a_stack(tmp_path, kafka, all_parts(notes)):
        pass
    stops = [line for line in notes() if line.endswith("stops")]
    assert stops == ["forwarder stops", "worker-1 stops", "gateway-1 stops", "kafka stops"]


def test_it_tells_urls_and_the_pids_of_the_servers_themselves(tmp_path: Path, kafka: FakeKafka, notes: Notes) -> None:
    parts = [*all_parts(notes), a_part(Kind.WORKER, "worker-2", notes)]
    with a_stack(tmp_path, kafka, parts) as stack:
        assert stack.urls == [part.url for part in parts if part.kind is Kind.GATEWAY]
        assert {kind: len(pids) for kind, pids in stack.pids.items()} == {
            "kafka": 1, "gateways": 1, "workers": 2, "followers": 1,
        }  # fmt: skip
        os.kill(stack.pids["workers"][1], signal.SIGTERM)
        wait_until(lambda: "worker-2 stops" in notes(), within=5)


def test_it_tells_the_pids_of_other_servers_and_leaves_them_to_who_started_them(
    tmp_path: Path, kafka: FakeKafka, notes: Notes
) -> None:
    other = Process("weaviate", ["sleep", "600"], log=tmp_path / "weaviate.log")
    other.start()
    try:
        others = {"weaviate": [other]}
        with Stack(tmp_path, start_kafka=kafka.start, prepare=notes.add, parts=[], others=others) as stack:
            assert stack.pids["weaviate"] == [other.pid]
        assert other.running
    finally:
        other.kill()


def test_a_part_that_dies_while_starting_stops_everything_and_shows_its_log(
    tmp_path: Path, kafka: FakeKafka, notes: Notes
) -> None:
    broken = Part(Kind.WORKER, "worker-1", ["sh", "-c", "echo no model; exit 1"], "http://127.0.0.1:9")
    with pytest.raises(ServerDidNotStart, match=r"worker-1 ended with exit code 1 while st(.|\n)*no model"):
        a_stack(tmp_path, kafka, [a_part(Kind.GATEWAY, "gateway-1", notes), broken]).start()
    assert not kafka.process.running
    assert notes()[-2:] == ["gateway-1 stops", "kafka stops"]


def test_a_failure_to_make_the_topics_stops_kafka(tmp_path: Path, kafka: FakeKafka, notes: Notes) -> None:
    def fail(_servers: str) -> None:
        raise ConnectionError("no")

    with pytest.raises(ConnectionError):
        Stack(tmp_path, start_kafka=kafka.start, prepare=fail, parts=all_parts(notes)).start()
    assert notes() == ["kafka starts", "kafka stops"]


def test_a_port_where_another_program_answers_is_refused_before_anything_starts(
    tmp_path: Path, kafka: FakeKafka, notes: Notes
) -> None:
    part = a_part(Kind.GATEWAY, "gateway-1", notes)
    port = int(part.url.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)), pytest.raises(PortTaken, match=f"needs port {port}"):
        a_stack(tmp_path, kafka, [part]).start()
    assert not notes.file.exists()


def test_each_process_that_ends_is_told_once_and_not_started_again(
    tmp_path: Path, kafka: FakeKafka, notes: Notes
) -> None:
    lines: list[str] = []
    with a_stack(tmp_path, kafka, all_parts(notes)) as stack:
        worker, gateway, broker = (stack.pids[kind][0] for kind in ("workers", "gateways", "kafka"))
        deaths = iter([(gateway, signal.SIGTERM), (broker, signal.SIGKILL)])

        def say(line: str) -> None:
            lines.append(line)
            death = next(deaths, None)
            if death is None:
                raise KeyboardInterrupt(WATCHED)
            os.kill(*death)

        os.kill(worker, signal.SIGKILL)
        with pytest.raises(KeyboardInterrupt, match=WATCHED):
            stack.watch(say)
    assert [line.partition(";")[0] for line in lines] == [
        f"worker-1 (pid {worker}) was killed by SIGKILL",
        f"gateway-1 (pid {gateway}) ended with exit code 0",
        f"kafka-1 (pid {broker}) was killed by SIGKILL",
    ]
    assert sum("worker-1 starts" in line for line in notes()) == 1


def test_logs_are_in_the_data_folder(tmp_path: Path, kafka: FakeKafka, notes: Notes) -> None:
    with a_stack(tmp_path, kafka, all_parts(notes)):
        pass
    assert {path.name for path in (tmp_path / "logs").iterdir()} == {
        "forwarder.log", "gateway-1.log", "worker-1.log",
    }  # fmt: skip
