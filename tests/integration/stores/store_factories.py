"""The stores that have to pass the contract. A factory can be pickled, for other processes to use."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from ops.local.ports import free_ports
from streams.stores.lance import LanceStore
from streams.stores.protocol import RiskFactorStore
from streams.stores.weaviate import WeaviateStore
from streams.stores.weaviate_connection import WeaviateAddress
from tests.integration.stores.stored_filings import SPACE


class StoreFactory(Protocol):
    """Opens one store, empty at the first time, as often as wanted."""

    def open(self) -> RiskFactorStore: ...

    def open_unreachable(self) -> RiskFactorStore:
        """A store whose server or folder is away; may raise already here."""
        ...


@dataclass(frozen=True)
class LanceFactory:
    """The embedded store, tidying up so often that the tests also read through index and compaction."""

    folder: Path

    def open(self) -> RiskFactorStore:
        return LanceStore(self.folder / "a" / "store", SPACE, index_every=4, compact_every=10)

    def open_unreachable(self) -> RiskFactorStore:
        in_the_way = self.folder / "file"
        in_the_way.touch()
        return LanceStore(in_the_way / "store", SPACE)


@dataclass(frozen=True)
class WeaviateFactory:
    """Collections of a test's own in the Weaviate of the run."""

    address: WeaviateAddress
    prefix: str

    def open(self) -> RiskFactorStore:
        return WeaviateStore(self.address, SPACE, self.prefix)

    def open_unreachable(self) -> RiskFactorStore:
        http, grpc = free_ports(2)
        nowhere = replace(self.address, url=f"http://127.0.0.1:{http}", grpc_port=grpc)
        return WeaviateStore(nowhere, SPACE, self.prefix)
