"""The keys that a gateway knows: a change of their file counts at once, and a damaged file locks nobody out."""

import logging
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.keys import KeyFileUnreadable, add_key, revoke_key
from gateway.known_keys import KnownKeys


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


@contextmanager
def _unreadable_files() -> Iterator[None]:
    """No file can be opened, as where its owner is another user; root, who may run the tests, opens those."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    next_descriptor = os.open(os.devnull, os.O_RDONLY)
    os.close(next_descriptor)
    resource.setrlimit(resource.RLIMIT_NOFILE, (next_descriptor, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_key_is_found_by_itself_and_by_nothing_else(file: Path) -> None:
    record, key = add_key(file, "ci")
    keys = KnownKeys(file)
    assert keys.find(key) == record
    for wrong in ("", key[:-1], key + "x", key.upper(), record.sha256, record.id):
        assert keys.find(wrong) is None


def test_a_key_that_was_added_is_valid_without_a_restart(file: Path) -> None:
    _, first = add_key(file, "first")
    keys = KnownKeys(file)
    record, second = add_key(file, "second")
    assert keys.find(second) == record
    assert keys.find(first) is not None


def test_a_key_that_was_revoked_is_known_as_such_without_a_restart(file: Path) -> None:
    _, key = add_key(file, "leaked")
    keys = KnownKeys(file)
    revoked = revoke_key(file, "leaked")
    assert keys.find(key) == revoked


def test_a_change_is_noticed_though_size_and_time_are_the_same(file: Path) -> None:
    add_key(file, "aaa")
    keys, before = KnownKeys(file), file.stat()
    replacement = file.with_name("beside.json")
    _, key = add_key(replacement, "bbb")
    os.utime(replacement, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert replacement.stat().st_size == before.st_size
    replacement.rename(file)
    assert keys.find(key) is not None


@pytest.mark.parametrize("content", [None, b"", b"half a fi"])
def test_a_gateway_does_not_start_on_a_file_that_is_missing_or_damaged(file: Path, content: bytes | None) -> None:
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(KeyFileUnreadable, match=str(file)):
        KnownKeys(file)


@pytest.mark.parametrize("damage", [lambda file: file.write_bytes(b"half a fi"), Path.unlink], ids=["damaged", "gone"])
def test_while_it_runs_the_keys_of_before_stay_valid_and_the_fault_is_told_once(
    file: Path, damage: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    _, key = add_key(file, "ci")
    keys, sound = KnownKeys(file), file.read_bytes()
    assert keys.fault() is None
    damage(file)
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            assert keys.find(key) is not None
            assert keys.find(key + "x") is None
    assert "still valid" in (keys.fault() or "")
    [record] = caplog.records
    assert str(file) in record.getMessage()
    file.write_bytes(sound)
    assert keys.find(key) is not None
    assert keys.fault() is None


def test_a_key_that_was_revoked_in_a_file_that_was_damaged_meanwhile_is_revoked_afterwards(file: Path) -> None:
    _, key = add_key(file, "leaked")
    keys, sound = KnownKeys(file), file.read_bytes()
    file.write_bytes(b"half a fi")
    assert keys.find(key) is not None
    file.write_bytes(sound)
    revoke_key(file, "leaked")
    found = keys.find(key)
    assert found is not None
    assert found.revoked_at is not None


def test_a_key_that_was_revoked_in_a_file_that_could_not_be_read_at_first_is_revoked_once_it_can(file: Path) -> None:
    _, key = add_key(file, "leaked")
    keys = KnownKeys(file)
    revoked = revoke_key(file, "leaked")
    with _unreadable_files():
        assert keys.find(key) != revoked
        assert keys.fault() is not None
    assert keys.find(key) == revoked
    assert keys.fault() is None


def test_each_change_that_can_not_be_read_is_logged_once(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    _, key = add_key(file, "ci")
    keys = KnownKeys(file)
    for times in (1, 2):
        add_key(file, f"another-{times}")
        with _unreadable_files(), caplog.at_level(logging.ERROR):
            for _ in range(3):
                keys.find(key)
        assert len(caplog.records) == times


def test_a_file_that_went_away_and_came_back_as_it_was_is_no_fault_any_more(file: Path) -> None:
    _, key = add_key(file, "ci")
    keys, aside = KnownKeys(file), file.with_name("aside.json")
    file.rename(aside)
    assert keys.fault() is not None
    aside.rename(file)
    assert keys.fault() is None
    assert keys.find(key) is not None
