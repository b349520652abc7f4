"""Every test that takes `store` or `stores` runs once for each kind of store."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from streams.stores.protocol import RiskFactorStore
from streams.stores.weaviate import init_collections
from streams.stores.weaviate_address import WeaviateAddress
from streams.stores.weaviate_connection import connect
from streams.stores.weaviate_schema import collections
from tests.integration.stores.lance_factory import LanceFactory
from tests.integration.stores.store_factory import StoreFactory
from tests.integration.stores.stored_filings import SPACE
from tests.integration.stores.weaviate_factory import WeaviateFactory


@pytest.fixture
def weaviate_stores(weaviate: WeaviateAddress) -> Iterator[WeaviateFactory]:
    """Opens a store in collections of the test's own, which are deleted afterwards."""
    prefix = f"Test{uuid4().hex}"
    init_collections(weaviate, SPACE, prefix)
    yield WeaviateFactory(weaviate, prefix)
    client = connect(weaviate)
    made = collections(client, prefix)
    client.collections.delete([made.revisions.name, made.chunks.name])
    client.close()


@pytest.fixture
def lance_stores(tmp_path: Path) -> LanceFactory:
    """Opens a store in a folder of the test's own."""
    return LanceFactory(tmp_path)


@pytest.fixture(params=["lance", "weaviate"])
def stores(request: pytest.FixtureRequest) -> StoreFactory:
    """Opens a store of its own for each test."""
    factory: StoreFactory = request.getfixturevalue(f"{request.param}_stores")
    return factory


@pytest.fixture
def store(stores: StoreFactory) -> Iterator[RiskFactorStore]:
    """An empty store."""
    store = stores.open()
    yield store
    store.close()
