"""What every vector store does while several processes write to it, and when they are killed."""

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Barrier, Event
from typing import Any

from streams.stores.protocol import RiskFactorStore
from tests.integration.stores.store_factory import StoreFactory
from tests.integration.stores.stored_filings import filing, texts
from tests.waiting import eventually

SPAWN = multiprocessing.get_context("spawn")  # workers are new programs too; LanceDB does not survive a fork
WRITERS = 4
YEARS = range(2010, 2020)
DEADLINE = 240.0
"""Under what a test may take at all. To begin takes each process seconds of a processor, which others may keep busy."""

SHORT = ("fires", "floods")
LONG = ("strikes", "tariffs", "floods", "fires", "frauds")


@contextmanager
def running(target: Callable[..., None], *arguments: tuple[Any, ...]) -> Iterator[list[SpawnProcess]]:
    """One process a tuple of arguments; none outlives the block."""
    processes = [SPAWN.Process(target=target, args=each, daemon=True) for each in arguments]
    for process in processes:
        process.start()
    try:
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.join()


def finished(processes: list[SpawnProcess]) -> None:
    def ended_or_failed() -> bool:
        codes = [process.exitcode for process in processes]
        # Whoever failed keeps the others waiting for it at their barrier.
        return None not in codes or any(codes)

    eventually(ended_or_failed, within=DEADLINE, what="every process has ended")
    assert [process.exitcode for process in processes] == [0] * len(processes)


def store_own_and_shared_filings(stores: StoreFactory, number: int, start: Barrier) -> None:
    start.wait(DEADLINE)
    store = stores.open()
    for year in YEARS:
        store.replace_filing(f"T{number}", year, "10-K", filing(*LONG, ticker=f"T{number}", year=year))
        store.replace_filing("ACME", year, "10-K", filing(*SHORT, year=year))


def store_own_texts_of_one_filing(stores: StoreFactory, number: int, start: Barrier) -> None:
    store = stores.open()
    for year in YEARS:
        start.wait(DEADLINE)
        own = [f"{text} as {number} sees them" for text in LONG[: number + 1]]
        store.replace_filing("ACME", year, "10-K", filing(*own, year=year))


def alternate(stores: StoreFactory, ticker: str, replaced: Event) -> None:
    """Replace one filing until killed or orphaned; `replaced` is set once both versions were stored."""
    store, parent = stores.open(), multiprocessing.parent_process()
    while parent is not None and parent.is_alive():
        for version in (SHORT, LONG):
            store.replace_filing(ticker, 2024, "10-K", filing(*version, ticker=ticker))
        replaced.set()


def is_whole(store: RiskFactorStore, ticker: str) -> bool:
    return tuple(texts(store.history(ticker, 2025))) in (SHORT, LONG)


def test_processes_that_open_a_new_store_and_write_at_once_lose_and_double_nothing(
    stores: StoreFactory,
) -> None:
    start = SPAWN.Barrier(WRITERS)
    with running(store_own_and_shared_filings, *((stores, number, start) for number in range(WRITERS))) as writers:
        finished(writers)
    store = stores.open()
    for number in range(WRITERS):
        assert texts(store.history(f"T{number}", 2030)) == list(LONG) * len(YEARS)
    assert texts(store.history("ACME", 2030)) == list(SHORT) * len(YEARS)


def test_of_processes_that_store_one_filing_differently_at_once_one_wins_whole(stores: StoreFactory) -> None:
    start = SPAWN.Barrier(WRITERS)
    with running(store_own_texts_of_one_filing, *((stores, number, start) for number in range(WRITERS))) as writers:
        finished(writers)
    history = stores.open().history("ACME", 2030)
    for year in YEARS:
        read = [factor.text for factor in history if factor.filing_year == year]
        winner = int(read[0].split()[2])
        assert read == [f"{text} as {winner} sees them" for text in LONG[: winner + 1]]


def test_a_reader_sees_a_filing_whole_while_it_is_replaced(stores: StoreFactory) -> None:
    store, replaced, seen = stores.open(), SPAWN.Event(), set[int]()
    with running(alternate, (stores, "ACME", replaced)):
        assert replaced.wait(DEADLINE)

        def both_versions_seen() -> bool:
            assert is_whole(store, "ACME")
            seen.add(len(store.history("ACME", 2025)))
            return len(seen) > 1

        for _ in range(50):
            assert is_whole(store, "ACME")
        eventually(both_versions_seen, within=DEADLINE, what="both versions of the filing were read")


def test_writers_that_are_killed_leave_each_filing_whole_and_replaceable(stores: StoreFactory) -> None:
    tickers = [f"T{number}" for number in range(WRITERS)]
    replaced = [SPAWN.Event() for _ in tickers]
    with running(
        alternate, *((stores, ticker, event) for ticker, event in zip(tickers, replaced, strict=True))
    ) as writers:
        for event in replaced:
            assert event.wait(DEADLINE)
        for writer in writers:
            writer.kill()
    store = stores.open()
    for ticker in tickers:
        assert is_whole(store, ticker)
        store.replace_filing(ticker, 2024, "10-K", filing("calm", ticker=ticker))
        assert texts(store.history(ticker, 2025)) == ["calm"]
