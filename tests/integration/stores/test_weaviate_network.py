"""A Weaviate store whose network fails: its calls end as the store being away, and go through again when it is back."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ops.local.toxiproxy import Link, Toxiproxy
from streams.stores.protocol import StoreUnavailable
from streams.stores.weaviate import WeaviateStore
from streams.stores.weaviate_address import WeaviateAddress
from tests.conftest import without_its_programs_skipped
from tests.integration.stores.stored_filings import SPACE, filing, texts
from tests.integration.stores.weaviate_factory import WeaviateFactory
from tests.waiting import eventually

TIMEOUT = 1.0


@pytest.fixture
def link(weaviate: WeaviateAddress, tmp_path: Path) -> Iterator[Link]:
    """To Weaviate's two ports: HTTP, gRPC."""
    toxiproxy = Toxiproxy(tmp_path)
    with without_its_programs_skipped():
        toxiproxy.start()
    to = toxiproxy.link("weaviate", addresses=2)
    http = urlsplit(weaviate.url)
    to.lead_to([http.netloc, f"{weaviate.grpc_host or http.hostname}:{weaviate.grpc_port}"])
    yield to
    toxiproxy.stop()


@pytest.mark.parametrize(
    "break_it",
    [Link.cut, partial(Link.slow, latency=2 * TIMEOUT, bandwidth=1000), Link.half_open],
    ids=["cut", "slow", "half open"],
)
def test_a_store_whose_network_failed_finds_back_without_being_opened_anew(
    weaviate: WeaviateAddress, weaviate_stores: WeaviateFactory, link: Link, break_it: Callable[[Link], None]
) -> None:
    http, grpc = link.ports
    by_link = replace(weaviate, url=f"http://127.0.0.1:{http}", grpc_host=None, grpc_port=grpc, timeout=TIMEOUT)
    store = WeaviateStore(by_link, SPACE, weaviate_stores.prefix)
    store.replace_filing("ACME", 2024, "10-K", filing("fires"))
    break_it(link)
    with pytest.raises(StoreUnavailable):
        store.history("ACME", 2025)
    link.heal()

    def read() -> list[str] | None:
        try:
            return texts(store.history("ACME", 2025))
        except StoreUnavailable:
            return None

    assert eventually(read, within=20, what="the store finds back") == ["fires"]
    store.close()
