"""The Weaviate to work with: the configured one, else a local process."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ops.local.process import Process
from ops.local.weaviate import LocalWeaviate
from ops.settings import load
from streams.assembly import weaviate_address
from streams.settings import WorkerSettings
from streams.stores.weaviate_address import WeaviateAddress

URL_VARIABLE = "SIGMAK_WEAVIATE_URL"


class WeaviateServer(Protocol):
    """A Weaviate that runs."""

    @property
    def address(self) -> WeaviateAddress:
        """Where it is, and its key."""

    @property
    def processes(self) -> Sequence[Process]:
        """Its process, if it is one of ours."""

    def stop(self) -> None:
        """Stop what was started."""


@dataclass(frozen=True, slots=True)
class ConfiguredWeaviate:
    """A Weaviate that somebody else runs."""

    address: WeaviateAddress
    processes: Sequence[Process] = ()

    def stop(self) -> None:
        """Leave it as it is."""


def start_weaviate(folder: Path) -> WeaviateServer:
    """What `SIGMAK_WEAVIATE_URL` names, which is not asked whether it answers; else a process that answers.

    Raises:
        MissingProgram, ProgramNotBuilt, ServerDidNotStart: as `LocalWeaviate.start`.
        UsageFailed: where a SIGMAK_ variable has a bad value.
    """
    if os.environ.get(URL_VARIABLE):
        return ConfiguredWeaviate(weaviate_address(load(WorkerSettings)))
    local = LocalWeaviate(folder)
    local.start()
    return local


def variables(address: WeaviateAddress) -> dict[str, str]:
    """The settings of a process that is to work with it."""
    return {
        "SIGMAK_STORE": "weaviate",
        URL_VARIABLE: address.url,
        "SIGMAK_WEAVIATE_GRPC_PORT": str(address.grpc_port),
        **({"SIGMAK_WEAVIATE_GRPC_HOST": address.grpc_host} if address.grpc_host else {}),
        **({"SIGMAK_WEAVIATE_API_KEY": address.api_key.get_secret_value()} if address.api_key else {}),
    }
