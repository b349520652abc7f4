"""Opens a store in a Weaviate."""

from dataclasses import dataclass, replace

from ops.local.ports import free_ports
from streams.stores.protocol import RiskFactorStore
from streams.stores.weaviate import WeaviateStore
from streams.stores.weaviate_address import WeaviateAddress
from tests.integration.stores.stored_filings import SPACE


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
