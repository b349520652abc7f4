"""What the embedded store does beyond the contract: how it survives on a folder that many processes share."""

import multiprocessing
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import lancedb
import pytest
from lancedb.table import LanceTable

from streams.stores.lance import LanceStore
from streams.stores.lance_rows import to_rows
from streams.stores.protocol import StoreMismatch, StoreUnavailable, VectorSpace
from tests.integration.stores.stored_filings import SPACE, filing, texts, vector_of


def raw_table(folder: Path) -> lancedb.table.Table:
    return lancedb.connect(folder).open_table("risk_factors")


def die_before(step: str, folder: Path) -> None:
    """Replace the filing; SIGKILL hits this process as it begins the step."""

    def die(*_: Any, **__: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(LanceTable, step, die)
    LanceStore(folder, SPACE).replace_filing("ACME", 2024, "10-K", filing("floods", "strikes"))


@pytest.mark.parametrize(
    ("step", "left"), [("add", ["fires"]), ("delete", ["floods", "strikes"])], ids=["append", "delete"]
)
def test_a_writer_killed_before_a_step_leaves_one_whole_version(tmp_path: Path, step: str, left: list[str]) -> None:
    store = LanceStore(tmp_path, SPACE)
    store.replace_filing("ACME", 2024, "10-K", filing("fires"))
    writer = multiprocessing.get_context("spawn").Process(target=die_before, args=(step, tmp_path))
    writer.start()
    writer.join(60)
    assert writer.exitcode == -signal.SIGKILL
    assert texts(store.history("ACME", 2025)) == left
    assert {neighbour.factor.text for neighbour in store.nearest(vector_of("fires"), limit=9)} == set(left)

    store.replace_filing("ACME", 2024, "10-K", filing("calm"))
    assert raw_table(tmp_path).count_rows() == 1


def test_rows_that_two_writers_left_at_once_are_read_as_those_of_one(tmp_path: Path) -> None:
    store = LanceStore(tmp_path, SPACE)
    for revision, text in (("0000000001-b", "won"), ("0000000001-a", "lost")):
        raw_table(tmp_path).add(to_rows(filing(text, "floods"), revision, SPACE))
    assert texts(store.history("ACME", 2025)) == ["won", "floods"]
    near = store.nearest(vector_of("lost"), limit=9)
    assert {neighbour.factor.text for neighbour in near} == {"won", "floods"}


def test_leftover_rows_do_not_crowd_out_a_neighbour(tmp_path: Path) -> None:
    store = LanceStore(tmp_path, SPACE)
    alike = [vector_of("fires")[None]] * 100
    leftover = filing(*(f"fires {number}" for number in range(100)), vectors=alike)
    raw_table(tmp_path).add(to_rows(leftover, "0000000001-a", SPACE))
    raw_table(tmp_path).add(to_rows(filing("floods"), "0000000002-a", SPACE))
    assert [neighbour.factor.text for neighbour in store.nearest(vector_of("fires"), limit=1)] == ["floods"]


def test_many_small_writes_leave_few_fragments(tmp_path: Path) -> None:
    store = LanceStore(tmp_path, SPACE, index_every=4, compact_every=10)
    for year in range(1900, 1960):
        store.replace_filing("ACME", year, "10-K", filing("fires", year=year))
    statistics: Any = raw_table(tmp_path).stats()  # typed as a class, is a dict
    assert statistics["fragment_stats"]["num_fragments"] <= 10


def test_writes_of_two_commits_do_not_step_over_each_compaction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, compacted_at = LanceTable.optimize, []

    def observed(table: LanceTable, **arguments: Any) -> Any:
        compacted_at.append(table.version)
        return real(table, **arguments)

    monkeypatch.setattr(LanceTable, "optimize", observed)
    store = LanceStore(tmp_path, SPACE, index_every=1000, compact_every=15)
    for _ in range(40):
        store.replace_filing("ACME", 2024, "10-K", filing("fires"))
    assert len(compacted_at) == raw_table(tmp_path).version // 15


def test_a_filing_is_stored_also_when_tidying_up_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def conflict(*_: Any, **__: Any) -> None:
        raise RuntimeError("commit conflict")

    monkeypatch.setattr(LanceTable, "create_index", conflict)
    store = LanceStore(tmp_path, SPACE, index_every=1)
    store.replace_filing("ACME", 2024, "10-K", filing("fires"))
    assert texts(store.history("ACME", 2025)) == ["fires"]
    assert "not tidied up" in caplog.text
    assert "commit conflict" in caplog.text


@pytest.mark.parametrize("step", ["add", "delete"])
def test_a_step_that_fails_for_a_moment_is_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    store = LanceStore(tmp_path, SPACE)
    store.replace_filing("ACME", 2024, "10-K", filing("fires"))
    real, faults = getattr(LanceTable, step), [RuntimeError("commit conflict"), OSError("disk")]

    def failing_at_first(*args: Any, **kwargs: Any) -> Any:
        if faults:
            raise faults.pop()
        return real(*args, **kwargs)

    monkeypatch.setattr(LanceTable, step, failing_at_first)
    store.replace_filing("ACME", 2024, "10-K", filing("floods", "strikes"))
    assert texts(store.history("ACME", 2025)) == ["floods", "strikes"]
    assert raw_table(tmp_path).count_rows() == 2


def test_a_step_that_keeps_failing_makes_the_store_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LanceStore(tmp_path, SPACE)
    monkeypatch.setattr("streams.stores.lance._PAUSES", (0.0, 0.0))
    attempts: list[str] = []

    def conflict(*_: Any, **__: Any) -> None:
        attempts.append("add")
        raise RuntimeError("commit conflict")

    monkeypatch.setattr(LanceTable, "add", conflict)
    with pytest.raises(StoreUnavailable, match="commit conflict"):
        store.replace_filing("ACME", 2024, "10-K", filing("fires"))
    assert len(attempts) == 3


def test_a_folder_that_was_removed_is_made_anew(tmp_path: Path) -> None:
    store = LanceStore(tmp_path / "store", SPACE)
    store.replace_filing("ACME", 2023, "10-K", filing("fires", year=2023))
    shutil.rmtree(tmp_path / "store")
    assert texts(store.history("ACME", 2025)) == []
    store.replace_filing("ACME", 2024, "10-K", filing("floods"))
    assert texts(store.history("ACME", 2025)) == ["floods"]


@pytest.mark.parametrize("other", [VectorSpace("another-model", 8), VectorSpace("a-model-of-tests", 9)])
def test_vectors_of_another_model_are_refused_at_opening(tmp_path: Path, other: VectorSpace) -> None:
    LanceStore(tmp_path, SPACE)
    with pytest.raises(StoreMismatch, match="a-model-of-tests") as raised:
        LanceStore(tmp_path, other)
    assert raised.value.type == "store_mismatch"
