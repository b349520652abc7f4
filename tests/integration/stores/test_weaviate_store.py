"""What the Weaviate store does beyond the contract: its steps, its schema, and a server that fails or refuses."""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr
from weaviate import WeaviateClient

from ops.local.weaviate import LocalWeaviate
from streams.stores import revisions
from streams.stores import weaviate as store_module
from streams.stores.protocol import StoreMismatch, StoreUnavailable, VectorSpace
from streams.stores.weaviate import WeaviateStore, init_collections
from streams.stores.weaviate_address import WeaviateAddress
from streams.stores.weaviate_connection import connect
from streams.stores.weaviate_objects import chunk_objects, revision_object
from streams.stores.weaviate_schema import collections
from tests.integration.stores.stored_filings import SPACE, chunks, filing, texts, unit, vector_of
from tests.integration.stores.weaviate_factory import WeaviateFactory
from tests.standing_still import go_on, stand_still

SPAWN = multiprocessing.get_context("spawn")
ACME = ("ACME", 2024, "10-K")


@pytest.fixture
def client(weaviate: WeaviateAddress) -> Iterator[WeaviateClient]:
    """A look behind the store."""
    client = connect(weaviate)
    yield client
    client.close()


def object_counts(client: WeaviateClient, stores: WeaviateFactory) -> tuple[int, int]:
    there = collections(client, stores.prefix)
    return len(there.revisions), len(there.chunks)


def die_before(step: int, stores: WeaviateFactory) -> None:
    """Replace the filing; SIGKILL hits this process as it begins the step, from 1."""
    left = step

    def counted(real: Any) -> Any:
        def call(*args: Any) -> None:
            nonlocal left
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)
            real(*args)

        return call

    for name in ("_insert", "_delete"):
        setattr(store_module, name, counted(getattr(store_module, name)))
    stores.open().replace_filing(*ACME, filing("floods", "strikes"))


@pytest.mark.parametrize(
    ("step", "left"),
    [(1, ["fires"]), (2, ["fires"]), (3, ["floods", "strikes"]), (4, ["floods", "strikes"])],
    ids=["chunks", "revision", "lower revisions", "their chunks"],
)
def test_a_writer_killed_before_a_step_leaves_one_whole_version(
    weaviate_stores: WeaviateFactory,
    client: WeaviateClient,
    monkeypatch: pytest.MonkeyPatch,
    step: int,
    left: list[str],
) -> None:
    store = weaviate_stores.open()
    store.replace_filing(*ACME, filing("fires"))
    monkeypatch.setattr(revisions, "uuid4", lambda: UUID(int=0))  # lower than the other writer's: only the count helps
    writer = SPAWN.Process(target=die_before, args=(step, weaviate_stores))
    writer.start()
    writer.join(60)
    assert writer.exitcode == -signal.SIGKILL
    assert texts(store.history("ACME", 2025)) == left
    assert {neighbour.factor.text for neighbour in store.nearest(vector_of("fires"), limit=9)} == set(left)

    store.replace_filing(*ACME, filing("calm"))
    assert object_counts(client, weaviate_stores) == (1, 1)
    store.close()


def test_a_slower_writer_whose_chunks_a_later_one_deleted_breaks_nothing(
    weaviate_stores: WeaviateFactory, client: WeaviateClient
) -> None:
    store = weaviate_stores.open()
    slower = "0000000001-a"
    store.replace_filing(*ACME, [])
    store.replace_filing(*ACME, [])
    collections(client, weaviate_stores.prefix).revisions.data.insert_many([revision_object(ACME, slower, 5)])
    assert texts(store.history("ACME", 2025)) == []
    store.close()


def test_leftover_chunks_do_not_crowd_out_a_neighbour(weaviate_stores: WeaviateFactory, client: WeaviateClient) -> None:
    store = weaviate_stores.open()
    alike = [vector_of("fires")[None]] * 100
    leftover = filing(*(f"fires {number}" for number in range(100)), vectors=alike)
    chunk_collection = collections(client, weaviate_stores.prefix).chunks
    chunk_collection.data.insert_many(chunk_objects(ACME, "9999999999-a", leftover))
    store.replace_filing(*ACME, filing("floods"))
    assert [neighbour.factor.text for neighbour in store.nearest(vector_of("fires"), limit=1)] == ["floods"]
    store.close()


def test_a_filing_of_many_chunks_is_written_and_read_in_several_requests(
    weaviate_stores: WeaviateFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "_READ_AT_ONCE", 7)
    monkeypatch.setattr(store_module, "_INSERTED_AT_ONCE", 5)
    store = weaviate_stores.open()
    vectors = [chunks(*(vector_of(f"{factor}-{chunk}") for chunk in range(10))) for factor in range(3)]
    store.replace_filing(*ACME, filing("fires", "floods", "strikes", vectors=vectors))
    read = store.history("ACME", 2025)
    assert [factor.vectors.tobytes() for factor in read] == [each.tobytes() for each in vectors]
    store.close()


def test_a_write_that_is_sent_twice_gives_the_same_objects() -> None:
    once, again = (chunk_objects(ACME, "0000000001-a", filing("fires", "floods")) for _ in range(2))
    assert [each.uuid for each in once] == [each.uuid for each in again]
    assert len({each.uuid for each in once}) == 2


@pytest.mark.parametrize("refused", [{7}, set(range(120))], ids=["one", "all"])
def test_refused_objects_are_counted_and_named_without_their_text_and_the_filing_stays_as_it_was(
    weaviate_stores: WeaviateFactory,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    refused: set[int],
) -> None:
    store = weaviate_stores.open()
    store.replace_filing(*ACME, filing("fires"))
    monkeypatch.setattr(store_module, "chunk_objects", lambda *args: of_wrong_size(chunk_objects(*args), refused))
    with pytest.raises(StoreUnavailable, match=f"refused {len(refused)} of 120 objects .* ACME 2024 10-K") as raised:
        store.replace_filing(*ACME, filing(*(f"secret {number}" for number in range(120))))
    assert len([line for line in caplog.messages if line.startswith("Weaviate refused object")]) == len(refused)
    assert "secret" not in caplog.text + str(raised.value)
    assert texts(store.history("ACME", 2025)) == ["fires"]
    store.close()


def of_wrong_size(objects: list[Any], refused: set[int]) -> list[Any]:
    return [replace(each, vector=[1.0, 0.0]) if n in refused else each for n, each in enumerate(objects)]


def test_a_revision_that_lost_a_chunk_is_a_transient_fault_and_not_half_a_filing(
    weaviate_stores: WeaviateFactory, client: WeaviateClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "_PAUSE", 0.0)
    store = weaviate_stores.open()
    store.replace_filing(*ACME, filing("fires", "floods"))
    chunk_collection = collections(client, weaviate_stores.prefix).chunks
    chunk_collection.data.delete_by_id(next(chunk_collection.iterator()).uuid)
    with pytest.raises(StoreUnavailable, match="1 of 2 chunks"):
        store.history("ACME", 2025)
    store.close()


@pytest.mark.parametrize("other", [VectorSpace("another-model", 8), VectorSpace("a-model-of-tests", 9)])
def test_vectors_of_another_model_are_refused_at_opening_and_at_initialisation(
    weaviate_stores: WeaviateFactory, other: VectorSpace
) -> None:
    with pytest.raises(StoreMismatch, match="a-model-of-tests") as raised:
        WeaviateStore(weaviate_stores.address, other, weaviate_stores.prefix)
    assert raised.value.type == "store_mismatch"
    with pytest.raises(StoreMismatch, match="a-model-of-tests"):
        init_collections(weaviate_stores.address, other, weaviate_stores.prefix)


def test_missing_collections_are_refused_with_the_command_that_makes_them(weaviate: WeaviateAddress) -> None:
    with pytest.raises(StoreMismatch, match="sigmak store init"):
        WeaviateStore(weaviate, SPACE, "TestOfNothing")


def test_a_collection_with_other_properties_is_refused(
    weaviate_stores: WeaviateFactory, client: WeaviateClient
) -> None:
    there = collections(client, weaviate_stores.prefix).revisions
    description = there.config.get().description
    client.collections.delete(there.name)
    client.collections.create(there.name, description=description)
    with pytest.raises(StoreMismatch, match="chunks, filing_year, form, revision, ticker"):
        weaviate_stores.open()


def test_initialising_again_changes_nothing(weaviate_stores: WeaviateFactory) -> None:
    store = weaviate_stores.open()
    store.replace_filing(*ACME, filing("fires"))
    assert init_collections(weaviate_stores.address, SPACE, weaviate_stores.prefix) == []
    assert texts(store.history("ACME", 2025)) == ["fires"]
    store.close()


def test_of_several_that_initialise_at_once_each_collection_is_made_by_one(
    weaviate: WeaviateAddress, client: WeaviateClient
) -> None:
    prefix = "TestOfMany"
    with ThreadPoolExecutor(4) as pool:
        made = [
            name for names in pool.map(lambda _: init_collections(weaviate, SPACE, prefix), range(4)) for name in names
        ]
    there = collections(client, prefix)
    try:
        assert sorted(made) == sorted([there.revisions.name, there.chunks.name])
    finally:
        client.collections.delete([there.revisions.name, there.chunks.name])


def test_a_wrong_key_is_a_transient_fault(weaviate_stores: WeaviateFactory) -> None:
    stranger = replace(weaviate_stores, address=replace(weaviate_stores.address, api_key=SecretStr("wrong")))
    with pytest.raises(StoreUnavailable, match="401"):
        stranger.open()


def test_an_open_store_is_unavailable_within_twice_its_timeout_and_goes_on_when_the_server_is_back(
    own_weaviate: LocalWeaviate,
) -> None:
    address = replace(own_weaviate.address, timeout=2.0)
    init_collections(address, SPACE)
    store = WeaviateStore(address, SPACE)
    store.replace_filing(*ACME, filing("fires"))
    own_weaviate.kill()
    for ask in (
        lambda: store.history("ACME", 2025),
        lambda: store.replace_filing(*ACME, filing("floods")),
        lambda: store.nearest(unit([1]), limit=1),
    ):
        began = time.monotonic()
        with pytest.raises(StoreUnavailable, match=address.url):
            ask()
        assert time.monotonic() - began < 8
    own_weaviate.start()
    assert texts(store.history("ACME", 2025)) == ["fires"]
    store.close()


def test_a_server_that_answers_nothing_is_a_transient_fault_within_the_timeout(own_weaviate: LocalWeaviate) -> None:
    address = replace(own_weaviate.address, timeout=2.0)
    init_collections(address, SPACE)
    store = WeaviateStore(address, SPACE)
    [process] = own_weaviate.processes
    stand_still(process.pid)
    try:
        for ask in (lambda: store.history("ACME", 2025), lambda: WeaviateStore(address, SPACE).close()):
            began = time.monotonic()
            with pytest.raises(StoreUnavailable):
                ask()
            assert time.monotonic() - began < 8
    finally:
        go_on(process.pid)
    store.close()
