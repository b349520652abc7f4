"""`sigmak up` as an object: which parts the local stack has, their folders, ports and key."""

import contextlib
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from ops.local.development_key import development_key
from ops.local.kafka_server import start_kafka
from ops.local.ports import LOOPBACK, free_ports
from ops.local.process import ServerDidNotStart, bound_to_parent, with_tail
from ops.local.stack import Kind, Part, Stack
from ops.local.weaviate_server import start_weaviate, variables
from ops.settings import load
from transport import replaced_file
from transport.settings import KafkaSettings
from transport.topics import TopicAdmin

_DRAIN_SECONDS = "20"
"""Less than the stack gives a part to stop: a killed worker would leave its group after the session timeout only."""
_FOLLOWERS = ("forwarder", "janitor", "webhooks")
_OWN_RECEIVERS = '["127.0.0.0/8", "::1", "localhost"]'
"""A receiver of webhooks that is being developed runs on this machine, without TLS."""
_INIT_WITHIN = 120.0


class LocalSystem:
    """Kafka, gateways, workers and followers on this machine, stopped at the end of the `with` block.

    Args:
        data: folder of everything they keep; None takes a new one and deletes it at the end.
        port: the first gateway's; 0 takes free ones.
        weaviate: whether the workers' store is a Weaviate, and not a folder.
    """

    def __init__(
        self, data: Path | None, *, workers: int, gateways: int, brokers: int, port: int, weaviate: bool = False
    ) -> None:
        self._workers, self._gateways, self._brokers, self._port = workers, gateways, brokers, port
        self._weaviate = weaviate
        self._data = None if data is None else data.absolute()
        self._shared_settings = {"SIGMAK_REPLICATION_FACTOR": str(brokers)}
        self._at_end = contextlib.ExitStack()
        self._stack: Stack | None = None
        self.api_key = self.key_id = self.webhook_secret = ""
        self.logs = Path()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as undo:
            folder = self._data or Path(undo.enter_context(_deleted_folder()))
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)  # also one that an earlier version made for everybody
            self.logs = folder / "logs"
            keys = folder / "api-keys.json"
            signing = folder / "webhook-secrets.json"
            self._shared_settings["SIGMAK_PROCESS_SECRET_FILE"] = str(_process_secret(folder / "process-secret"))
            own = development_key(keys, signing, kept=folder / "development-key")
            self.key_id, self.api_key, self.webhook_secret = own.id, own.key, own.webhook_secret
            webhooks = {"SIGMAK_WEBHOOK_SECRETS_FILE": str(signing), "SIGMAK_WEBHOOK_ALLOW": _OWN_RECEIVERS}
            store, servers = {"SIGMAK_STORE": "lancedb", "SIGMAK_STORE_DIR": str(folder / "store")}, {}
            if self._weaviate:
                server = start_weaviate(folder / "weaviate")
                undo.callback(server.stop)
                store, servers = variables(server.address), {"weaviate": server.processes}
                _init_store(store)
            self._stack = Stack(
                folder,
                start_kafka=lambda: start_kafka(
                    folder / "kafka", brokers=self._brokers, keep_data=self._data is not None
                ),
                prepare=self._apply_topics,
                parts=[
                    *self._gateway_parts(folder, keys, webhooks),
                    *self._worker_parts(folder, store),
                    *self._follower_parts(webhooks),
                ],
                others=servers,
            )
            undo.enter_context(self._stack)
            self._at_end = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._at_end.close()

    @property
    def stack(self) -> Stack:
        """The processes."""
        if self._stack is None:
            raise RuntimeError("the local system was not started")
        return self._stack

    def _apply_topics(self, bootstrap_servers: str) -> None:
        found = {"replication_factor": self._brokers, "kafka_bootstrap_servers": bootstrap_servers}
        settings = load(KafkaSettings).model_copy(update=found)
        TopicAdmin(settings.connection()).apply(settings.topics())

    def _gateway_parts(self, folder: Path, keys: Path, webhooks: Mapping[str, str]) -> list[Part]:
        ports = free_ports(self._gateways) if self._port == 0 else range(self._port, self._port + self._gateways)
        return [
            Part(
                Kind.GATEWAY,
                f"gateway-{number}",
                _sigmak("gateway"),
                f"http://{LOOPBACK}:{port}",
                env={
                    **self._shared_settings,
                    "SIGMAK_HOST": LOOPBACK,
                    "SIGMAK_PORT": str(port),
                    "SIGMAK_API_KEYS_FILE": str(keys),
                    "SIGMAK_STATUS_TABLE_DIR": str(folder / f"gateway-{number}" / "status-table"),
                    **webhooks,
                },
            )
            for number, port in enumerate(ports, 1)
        ]

    def _worker_parts(self, folder: Path, store: Mapping[str, str]) -> list[Part]:
        return [
            Part(
                Kind.WORKER,
                f"worker-{number}",
                _sigmak("worker"),
                f"http://{LOOPBACK}:{port}",
                env={
                    **self._shared_settings,
                    "SIGMAK_DRAIN_SECONDS": _DRAIN_SECONDS,
                    "SIGMAK_WORKER_DIR": str(folder / f"worker-{number}"),
                    "SIGMAK_WORKER_PROBE_PORT": str(port),
                    **store,
                },
            )
            for number, port in enumerate(free_ports(self._workers), 1)
        ]

    def _follower_parts(self, webhooks: Mapping[str, str]) -> list[Part]:
        return [
            Part(
                Kind.FOLLOWER,
                name,
                _sigmak(name),
                f"http://{LOOPBACK}:{port}",
                env={**self._shared_settings, "SIGMAK_FOLLOWER_PROBE_PORT": str(port), **webhooks},
            )
            for name, port in zip(_FOLLOWERS, free_ports(len(_FOLLOWERS)), strict=True)
        ]


def _process_secret(file: Path) -> Path:
    """The file of the secret by which the parts know each other's records; kept with the data."""
    if not file.exists():
        replaced_file.replace(file, secrets.token_hex(32) + "\n")
    return file


def _deleted_folder() -> "tempfile.TemporaryDirectory[str]":
    # A worker that was killed may have left a file half deleted; that is no reason to fail at the very end.
    return tempfile.TemporaryDirectory(prefix="sigmak-", ignore_cleanup_errors=True)


def _init_store(settings: Mapping[str, str]) -> None:
    # In a process of its own: to know the vectors' size it loads the model, which this one would keep in memory.
    answer = subprocess.run(
        bound_to_parent([*_sigmak("store"), "init"]),
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=_INIT_WITHIN,
    )
    if answer.returncode != 0:
        raise ServerDidNotStart(with_tail("the collections could not be made in Weaviate:", answer.stderr))


def _sigmak(command: str) -> list[str]:
    return [sys.executable, "-m", "ops.main", command]
