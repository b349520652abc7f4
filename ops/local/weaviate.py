"""A local Weaviate: one node, as a process of this machine."""

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import httpx
from pydantic import SecretStr

from ops.local.ports import LOOPBACK, accepts_connections, free_ports
from ops.local.process import Process, ServerDidNotStart
from ops.local.weaviate_program import weaviate_program
from streams.stores.weaviate_address import WeaviateAddress

_NODE = "local"
_START_WITHIN = 60.0
_STOP_WITHIN = 10.0
_PORT_TRIES = 5
_PORTS = 6


class LocalWeaviate:
    """A Weaviate with all its data in one folder, which never outlives this process.

    Weaviate binds gRPC and the port between its nodes to all addresses, whatever it is told: each start has a
    key of its own without which neither answers. All else listens on 127.0.0.1.
    """

    def __init__(self, folder: Path) -> None:
        """What an earlier one has left in `folder` is kept."""
        self._folder = folder.resolve()
        self._key = secrets.token_urlsafe(32)
        self._ports: list[int] = []
        self._process: Process | None = None

    @property
    def address(self) -> WeaviateAddress:
        """Where it is, and its key; once it was started."""
        http, grpc, *_ = self._ports
        return WeaviateAddress(f"http://{LOOPBACK}:{http}", grpc, api_key=SecretStr(self._key))

    @property
    def processes(self) -> Sequence[Process]:
        """Its process, once it was started."""
        return [self._process] if self._process else []

    def start(self) -> None:
        """Start it and wait until it is ready. After `stop` or `kill`, it starts on the same ports.

        Raises:
            MissingProgram: if Weaviate has yet to be built and Go is missing.
            ProgramNotBuilt: if Go cannot build it.
            ServerDidNotStart: if it ends, or is not ready within a minute; with the last lines of its log.
        """
        program = weaviate_program()
        chosen_before = bool(self._ports)
        for tries_left in reversed(range(_PORT_TRIES)):
            self._ports = self._ports or free_ports(_PORTS)
            process = self._process = self._launched(program)
            try:
                process.wait_until_ready(self._answers, within=_START_WITHIN)
            except ServerDidNotStart:
                process.kill()
                # Another process may take a port between its choice and its use.
                if chosen_before or not tries_left or "address already in use" not in process.output():
                    raise
                self._ports = []
            except BaseException:
                process.kill()
                raise
            else:
                return

    def stop(self) -> None:
        """Stop it; if it takes longer than 10 s it is killed."""
        for process in self.processes:
            process.stop(within=_STOP_WITHIN)

    def kill(self) -> None:
        """Kill it (SIGKILL); returns when it has ended."""
        for process in self.processes:
            process.kill()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _launched(self, program: Path) -> Process:
        command = [str(program), "--host", LOOPBACK, "--port", str(self._ports[0]), "--scheme", "http"]
        self._folder.mkdir(parents=True, exist_ok=True)
        process = Process(
            "weaviate", command, log=self._folder / "server.log", cwd=self._folder, env=self._environment()
        )
        process.start()
        return process

    def _environment(self) -> Mapping[str, str]:
        _, grpc, gossip, data, raft, raft_rpc = map(str, self._ports)
        return {
            "PERSISTENCE_DATA_PATH": str(self._folder / "data"),
            "GRPC_PORT": grpc,
            "AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED": "false",
            "AUTHENTICATION_APIKEY_ENABLED": "true",
            "AUTHENTICATION_APIKEY_ALLOWED_KEYS": self._key,
            "AUTHENTICATION_APIKEY_USERS": "sigmak",
            "AUTOSCHEMA_ENABLED": "false",
            "CLUSTER_HOSTNAME": _NODE,
            "CLUSTER_ADVERTISE_ADDR": LOOPBACK,
            "CLUSTER_BIND_ADDR": LOOPBACK,
            "CLUSTER_GOSSIP_BIND_PORT": gossip,
            "CLUSTER_DATA_BIND_PORT": data,
            "CLUSTER_BASIC_AUTH_USERNAME": "sigmak",
            "CLUSTER_BASIC_AUTH_PASSWORD": self._key,
            "RAFT_PORT": raft,
            "RAFT_INTERNAL_RPC_PORT": raft_rpc,
            "RAFT_JOIN": f"{_NODE}:{raft}",
            "RAFT_BOOTSTRAP_EXPECT": "1",
            "RAFT_TIMEOUTS_MULTIPLIER": "1",  # of 5: a node on its own need not wait for others to vote
            "GO_PROFILING_DISABLE": "true",  # or a profiler listens on port 6060 of all addresses
            "DISABLE_TELEMETRY": "true",
            "LOG_LEVEL": "warning",
        }

    def _answers(self) -> bool:
        # Only ours knows the key: who answers on a port that was free a moment ago may be somebody else's.
        url, headers = self.address.url, {"Authorization": f"Bearer {self._key}"}
        try:
            with httpx.Client(base_url=url, headers=headers, timeout=2, trust_env=False) as client:
                ready = client.get("/v1/.well-known/ready").is_success and client.get("/v1/meta").is_success
        except httpx.TransportError:
            return False
        return ready and accepts_connections(self.address.grpc_port)
