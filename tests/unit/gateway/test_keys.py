"""The file of API keys: only hashes are kept, no key is lost, and a revoked one is still there to be seen."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from gateway.keys import KeyFileUnreadable, KeyLimits, NoSuchKey, add_key, read_keys, revoke_key
from tests.unit.at_once import run_at_once


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "keys.json"


def test_the_file_holds_a_hash_and_never_the_key(file: Path) -> None:
    record, key = add_key(file, "ci")
    content = file.read_text()
    assert key not in content
    assert key.removeprefix("sigmak_") not in content
    assert record.sha256 in content


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


def test_end_and_limits_are_kept(file: Path) -> None:
    limits = KeyLimits(submissions_per_minute=3, max_body_bytes=5000, open_streams="unlimited", waiting_tasks=7)
    expires_at = datetime.now(UTC) + timedelta(days=90)
    record, _ = add_key(file, "ci", limits=limits, expires_at=expires_at)
    assert read_keys(file) == (record,)
    assert (record.limits, record.expires_at, record.revoked_at) == (limits, expires_at, None)


@pytest.mark.parametrize("name", list(KeyLimits.model_fields))
def test_there_is_no_limit_of_zero_which_might_mean_none_or_unlimited(name: str) -> None:
    with pytest.raises(ValidationError):
        KeyLimits.model_validate({name: 0})


def test_a_body_is_never_unlimited() -> None:
    with pytest.raises(ValidationError):
        KeyLimits.model_validate({"max_body_bytes": "unlimited"})


def test_a_file_of_before_keys_had_ends_and_limits_is_read(file: Path) -> None:
    file.parent.mkdir()
    file.write_text(
        '{"keys": [{"id": "key-1", "name": "old", "sha256": "' + "0" * 64 + '", "tier": "high",'
        ' "scopes": ["read"], "created_at": "2026-01-01T00:00:00Z"}]}'
    )
    [key] = read_keys(file)
    assert (key.limits, key.expires_at, key.revoked_at) == (KeyLimits(), None, None)


def test_a_revoked_key_stays_in_the_file_with_the_time(file: Path) -> None:
    kept, _ = add_key(file, "kept")
    record, _ = add_key(file, "leaked")
    before = datetime.now(UTC)
    revoked = revoke_key(file, record.id)
    assert read_keys(file) == (kept, revoked)
    assert revoked.revoked_at is not None
    assert before <= revoked.revoked_at <= datetime.now(UTC)
    assert revoked.model_copy(update={"revoked_at": None}) == record


def test_a_key_is_revoked_by_its_name_too_and_once(file: Path) -> None:
    add_key(file, "leaked")
    first = revoke_key(file, "leaked")
    assert revoke_key(file, "leaked") == revoke_key(file, first.id) == first


def test_of_keys_that_had_a_name_in_turn_the_valid_one_is_revoked(file: Path) -> None:
    add_key(file, "ci")
    revoke_key(file, "ci")
    second, _ = add_key(file, "ci")
    assert revoke_key(file, "ci").id == second.id


def test_where_several_valid_keys_have_the_name_none_is_revoked_and_their_ids_are_told(file: Path) -> None:
    first, second = (add_key(file, "ci")[0] for _ in range(2))
    with pytest.raises(NoSuchKey, match=f"{first.id}, {second.id}"):
        revoke_key(file, "ci")
    assert [key.revoked_at for key in read_keys(file)] == [None, None]


def test_a_key_that_is_not_there_is_named(file: Path) -> None:
    with pytest.raises(KeyFileUnreadable, match=str(file)):
        revoke_key(file, "nobody")
    add_key(file, "ci")
    with pytest.raises(NoSuchKey, match="nobody"):
        revoke_key(file, "nobody")


_ADDS_MANY = """
for _ in range(20):
    add_key(Path(sys.argv[1]), sys.argv[2])
"""


def test_of_keys_that_are_made_at_the_same_time_none_is_lost(file: Path) -> None:
    imports = "from pathlib import Path\nfrom gateway.keys import add_key"
    run_at_once(imports, _ADDS_MANY, *[(file, f"process {number}") for number in range(3)])
    assert len(read_keys(file)) == 60


def test_who_may_read_the_file_may_after_a_change_too(file: Path) -> None:
    add_key(file, "ci")
    file.chmod(0o644)
    add_key(file, "later")
    assert file.stat().st_mode & 0o777 == 0o644
    revoke_key(file, "ci")
    assert file.stat().st_mode & 0o777 == 0o644


def test_a_missing_file_is_named(file: Path) -> None:
    with pytest.raises(KeyFileUnreadable, match=str(file)):
        read_keys(file)


@pytest.mark.parametrize(
    "content", ["", "not JSON", '{"keys": [{"id": "x"}]}', "[]", '{"keys": [{"sha256": "short"}]}']
)
def test_a_damaged_file_is_named_and_not_repeated(file: Path, content: str) -> None:
    file.parent.mkdir()
    file.write_text(content)
    with pytest.raises(KeyFileUnreadable, match=str(file)) as unreadable:
        read_keys(file)
    assert not content or content not in str(unreadable.value).replace(str(file), "")


def test_a_damaged_file_is_not_overwritten_by_a_new_key(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("somebody's notes")
    with pytest.raises(KeyFileUnreadable):
        add_key(file, "ci")
    assert file.read_text() == "somebody's notes"


def test_writing_leaves_nothing_beside_the_file(file: Path) -> None:
    add_key(file, "one")
    add_key(file, "two")
    assert list(file.parent.iterdir()) == [file]
