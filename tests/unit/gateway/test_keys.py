"""API keys: only hashes are kept, and a change of their file counts at once."""

import json
import os
from pathlib import Path

import pytest

from gateway.keys import ApiKeys, KeyFileUnreadable, add_key, read_keys


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "keys.json"


def _revoke(file: Path, key_id: str) -> None:
    content = json.loads(file.read_text())
    content["keys"] = [key for key in content["keys"] if key["id"] != key_id]
    file.write_text(json.dumps(content))


def test_the_file_holds_a_hash_and_never_the_key(file: Path) -> None:
    record, key = add_key(file, "ci")
    content = file.read_text()
    assert key not in content
    assert key.removeprefix("sigmak_") not in content
    assert record.sha256 in content


def test_a_key_is_found_by_itself_and_by_nothing_else(file: Path) -> None:
    record, key = add_key(file, "ci")
    keys = ApiKeys(file)
    assert keys.find(key) == record
    for wrong in ("", key[:-1], key + "x", key.upper(), record.sha256, record.id):
        assert keys.find(wrong) is None


def test_a_key_reads_and_submits_unless_told_otherwise(file: Path) -> None:
    record, _ = add_key(file, "ci")
    assert (record.name, record.tier, record.scopes) == ("ci", "standard", frozenset({"submit", "read"}))


def test_tier_and_scopes_are_kept(file: Path) -> None:
    add_key(file, "auditor", tier="high", scopes=frozenset({"read:all"}))
    [record] = read_keys(file)
    assert (record.tier, record.scopes) == ("high", frozenset({"read:all"}))


def test_no_two_keys_are_alike(file: Path) -> None:
    made = [add_key(file, "same name") for _ in range(20)]
    assert len({key for _, key in made}) == len({record.id for record, _ in made}) == 20
    assert read_keys(file) == tuple(record for record, _ in made)


def test_only_its_owner_may_read_the_file(file: Path) -> None:
    add_key(file, "ci")
    assert file.stat().st_mode & 0o077 == 0


def test_a_key_that_was_added_is_valid_without_a_restart(file: Path) -> None:
    _, first = add_key(file, "first")
    keys = ApiKeys(file)
    record, second = add_key(file, "second")
    assert keys.find(second) == record
    assert keys.find(first) is not None


def test_a_key_that_was_taken_out_of_the_file_is_no_longer_valid(file: Path) -> None:
    record, key = add_key(file, "leaked")
    _, other = add_key(file, "other")
    keys = ApiKeys(file)
    assert keys.find(key) == record
    _revoke(file, record.id)
    assert keys.find(key) is None
    assert keys.find(other) is not None


def test_a_change_is_noticed_though_size_and_time_are_the_same(file: Path) -> None:
    add_key(file, "aaa")
    keys, before = ApiKeys(file), file.stat()
    replacement = file.with_name("beside.json")
    _, key = add_key(replacement, "bbb")
    os.utime(replacement, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert replacement.stat().st_size == before.st_size
    replacement.rename(file)
    assert keys.find(key) is not None


def test_a_missing_file_is_named(file: Path) -> None:
    with pytest.raises(KeyFileUnreadable, match=str(file)):
        ApiKeys(file)
    with pytest.raises(KeyFileUnreadable, match=str(file)):
        read_keys(file)


@pytest.mark.parametrize(
    "content", ["", "not JSON", '{"keys": [{"id": "x"}]}', "[]", '{"keys": [{"sha256": "short"}]}']
)
def test_a_damaged_file_is_named_and_not_repeated(file: Path, content: str) -> None:
    file.parent.mkdir()
    file.write_text(content)
    with pytest.raises(KeyFileUnreadable, match=str(file)) as unreadable:
        ApiKeys(file)
    assert not content or content not in str(unreadable.value).replace(str(file), "")


def test_a_damaged_file_is_not_overwritten_by_a_new_key(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("somebody's notes")
    with pytest.raises(KeyFileUnreadable):
        add_key(file, "ci")
    assert file.read_text() == "somebody's notes"


def test_while_the_file_is_damaged_no_key_is_valid_and_afterwards_all_are(file: Path) -> None:
    _, key = add_key(file, "ci")
    keys, sound = ApiKeys(file), file.read_bytes()
    file.write_bytes(b"half a fi")
    for _ in range(2):
        with pytest.raises(KeyFileUnreadable):
            keys.find(key)
    file.write_bytes(sound)
    assert keys.find(key) is not None


def test_writing_leaves_nothing_beside_the_file(file: Path) -> None:
    add_key(file, "one")
    add_key(file, "two")
    assert list(file.parent.iterdir()) == [file]
