"""The system's processes as tests start and kill them, and the client that talks to them."""

import itertools
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition
from confluent_kafka.admin import AdminClient

from gateway.keys import UNLIMITED, add_key
from ops.local.ports import free_ports
from ops.local.process import Launch, Process, execute, stop_all
from tests.conftest import PARTITIONS
from tests.system.preloaded import loop_watch
from tests.waiting import eventually

_numbers = itertools.count(1)
_START_WITHIN = 60.0
_LEAVE_WITHIN = 3.0
_http = httpx.Client(
    # One for all: to make one reads the system's certificates, 60 ms of processor time for each request.
    trust_env=False,
    # A connection to a gateway that was killed would fail the request that is sent to the next one.
    limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
)


@dataclass
class Gateway:
    """A gateway process and a client of it."""

    process: Process
    url: str
    key: str
    folder: Path

    def post(self, path: str = "/analyze", key: str | None = None, **body: Any) -> httpx.Response:
        """Submit a filing; anything not given has a valid value."""
        valid = {"ticker": "ACME", "filing_year": 2024}
        content = {} if "html_path" in body else {"html_content": "<p>a filing</p>"}
        return self.ask("POST", path, key=key, json={**valid, **content, **body})

    def submit(self, **body: Any) -> str:
        """Submit a filing that must be accepted; returns the task id."""
        answer = self.post(**body)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["task_id"])

    def status(self, task_id: str) -> dict[str, Any]:
        """The task's status, which must be readable."""
        answer = self.ask("GET", f"/tasks/{task_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def ended(self, task_id: str, *, within: float = 30.0) -> dict[str, Any]:
        """The task's terminal status."""
        ends = ("SUCCESS", "FAILURE", "CANCELLED")
        return eventually(
            lambda: found if (found := self.status(task_id))["status"] in ends else None,
            within=within,
            what=f"the end of task {task_id}",
        )

    def ask(
        self, method: str, path: str, *, key: str | None = None, timeout: float = 20.0, **more: Any
    ) -> httpx.Response:
        """Any request, with the gateway's key unless another is given."""
        headers = {"X-API-Key": self.key if key is None else key, **more.pop("headers", {})}
        return _http.request(method, self.url + path, headers=headers, timeout=timeout, **more)

    def ask_without_key(self, path: str) -> httpx.Response:
        """What anybody may ask."""
        return _http.get(self.url + path, timeout=20)

    def ready(self) -> bool:
        """Whether /ready says so."""
        return _answers(f"{self.url}/ready")


@dataclass
class Worker:
    """A worker or follower process."""

    process: Process
    probe: str

    def ask(self, path: str) -> httpx.Response:
        """What a probe says."""
        return _http.get(self.probe + path, timeout=20)

    def ready(self) -> bool:
        """Whether it is at work."""
        return _answers(f"{self.probe}/ready")

    def terminate(self) -> None:
        """SIGTERM."""
        os.kill(self.process.pid, signal.SIGTERM)


@dataclass
class System:
    """Starts gateways and workers against one Kafka.

    `stop` ends them all, and fails if something held up the event loop of a preloaded gateway.
    """

    kafka: str
    folder: Path
    analyses: Path
    """Where test analyses note their starts and look for leave to go on; shared by all that share the Kafka."""
    launch: Launch | None = None
    """Launches `sigmak` by its arguments; None: each process is started as an operator starts it."""
    processes: list[Process] = field(default_factory=list)
    inside: Sequence[str] = ()
    """The command that runs each process, where it is to see other disks than the tests do."""

    def gateway(self, *, folder: Path | None = None, **settings: object) -> Gateway:
        """A gateway that is ready."""
        gateway = self.starting_gateway(folder=folder, **settings)
        gateway.process.wait_until_ready(gateway.ready, within=_START_WITHIN)
        return gateway

    def starting_gateway(self, *, folder: Path | None = None, **settings: object) -> Gateway:
        """A gateway that was only started."""
        name = f"gateway-{next(_numbers)}"
        folder = folder or self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        _, key = add_key(self.keys, name, limits=UNLIMITED)
        port = free_ports(1)[0]
        environment = {
            "SIGMAK_API_KEYS_FILE": self.keys,
            "SIGMAK_WEBHOOK_SECRETS_FILE": self.webhook_secrets,
            "SIGMAK_STATUS_TABLE_DIR": folder / "status-table",
            "SIGMAK_PORT": port,
        }
        return Gateway(self._start(name, ["gateway"], environment, settings), f"http://127.0.0.1:{port}", key, folder)

    def worker(self, analysis: str = "empty", *, processes: int = 1, wait: bool = True, **settings: object) -> Worker:
        """A worker with an analysis of `tests.system.analyses`, or the `real` one, that has its partitions."""
        name = f"worker-{next(_numbers)}"
        port = free_ports(1)[0]
        environment = {
            "SIGMAK_WORKER_DIR": self.folder / name,
            "SIGMAK_WORKER_PROBE_PORT": port,
            "SIGMAK_STORE_DIR": self.folder / "store",
            "SIGMAK_SESSION_TIMEOUT": 6,
            "TEST_ANALYSIS_FOLDER": self.analyses,
        }
        if analysis != "real":
            environment["SIGMAK_ANALYSIS"] = f"tests.system.analyses:{analysis}"
        worker = Worker(
            self._start(name, ["worker", "-n", str(processes)], environment, settings), f"http://127.0.0.1:{port}"
        )
        if wait:
            worker.process.wait_until_ready(worker.ready, within=_START_WITHIN)
        return worker

    def follower(self, name: str, *, wait: bool = True, **settings: object) -> Worker:
        """A `forwarder`, `janitor` or `webhooks` that is at work."""
        port = free_ports(1)[0]
        environment = {"SIGMAK_FOLLOWER_PROBE_PORT": port, "SIGMAK_WEBHOOK_SECRETS_FILE": self.webhook_secrets}
        process = self._start(f"{name}-{next(_numbers)}", [name], environment, settings)
        follower = Worker(process, f"http://127.0.0.1:{port}")
        if wait:
            follower.process.wait_until_ready(follower.ready, within=_START_WITHIN)
        return follower

    @property
    def keys(self) -> Path:
        """The file of API keys that all gateways read."""
        return self.folder / "keys.json"

    def process_secret(self) -> Path:
        """The file of a secret for gateways that sign owners and workers that believe no others."""
        file = self.folder / "process-secret"
        file.write_text("0123456789abcdef" * 4)
        return file

    @property
    def webhook_secrets(self) -> Path:
        """The file of signing secrets, which is empty until a test makes one."""
        return self.folder / "webhook-secrets.json"

    def executions(self, task: str) -> int:
        """How often a test analysis began a filing whose html_content is `task`."""
        file = self.analyses / f"{task}.began"
        return len(file.read_text().splitlines()) if file.exists() else 0

    def stop(self) -> None:
        """End what still runs, and let go what a worker of a later test would be held by."""
        for began in self.analyses.glob("hold-*.began"):
            began.with_suffix(".go").touch()
        # Killed, members would be missed by their groups for a while, and those of the next test wait for them.
        stop_all([each for each in self.processes if not each.name.startswith("gateway")], within=_LEAVE_WITHIN)
        for process in self.processes:
            process.kill()
        logs = [self.folder / f"{each.name}.log" for each in self.processes if each.name.startswith("gateway")]
        assert [line for log in logs for line in loop_watch.holds(log)] == []

    def _start(self, name: str, command: list[str], environment: dict[str, Any], settings: dict[str, Any]) -> Process:
        variables = {
            "SIGMAK_KAFKA_BOOTSTRAP_SERVERS": self.kafka,
            "SIGMAK_PARTITIONS": PARTITIONS,
            "PYTHONPATH": Path.cwd(),
            **environment,
            **{f"SIGMAK_{setting.upper()}": value for setting, value in settings.items()},
        }
        preloaded = self.launch if not self.inside else None
        process = Process(
            name,
            command if preloaded else [*self.inside, sys.executable, "-m", "ops.main", *command],
            log=self.folder / f"{name}.log",
            env={key: str(value) for key, value in variables.items()},
            launch=preloaded or execute,
        )
        process.start()
        self.processes.append(process)
        return process


def records(kafka: str, topic: str) -> list[Message]:
    """Everything on a topic now, in the order of each partition."""
    consumer = Consumer({"bootstrap.servers": kafka, "group.id": "test-reader", "enable.auto.commit": False,
                         "enable.partition.eof": True, "fetch.message.max.bytes": 32 * 1024 * 1024})  # fmt: skip
    try:
        count = len(AdminClient({"bootstrap.servers": kafka}).list_topics(topic).topics[topic].partitions)
        consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in range(count)])
        found: list[Message] = []
        open_partitions = set(range(count))
        while open_partitions:
            message = consumer.poll(10)
            assert message is not None, f"{topic} can't be read to its end"
            if message.error() is None:
                found.append(message)
            else:
                # By its number: librdkafka may tell the end of one twice, after it has looked for the leader anew.
                open_partitions.discard(message.partition() or 0)
        return found
    finally:
        consumer.close()


def delete_topic(kafka: str, topic: str) -> None:
    """Delete a topic; returns when clients are told that it is gone."""
    admin = AdminClient({"bootstrap.servers": kafka})
    admin.delete_topics([topic])[topic].result(10)
    eventually(lambda: topic not in admin.list_topics().topics, within=10, what=f"{topic} is gone")


def header(message: Message, name: str) -> str | None:
    """One header of a message as text."""
    return next((value.decode() for key, value in message.headers() or [] if key == name), None)


def _answers(url: str) -> bool:
    try:
        return _http.get(url, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False
