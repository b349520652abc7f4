"""The key that `sigmak up` hands out: the same at each start over the same data, as long as it is valid."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.keys import UNLIMITED, add_key, hash_of, read_keys, revoke_key
from ops.local.development_key import DevelopmentKey, development_key


@dataclass
class Data:
    """A folder of data, as `sigmak up` is given it."""

    folder: Path

    @property
    def keys(self) -> Path:
        """Hashes of keys."""
        return self.folder / "api-keys.json"

    @property
    def kept(self) -> Path:
        """The key."""
        return self.folder / "development-key"

    def start(self) -> DevelopmentKey:
        """What a start hands out."""
        return development_key(self.keys, self.folder / "webhook-secrets.json", self.kept)


@pytest.fixture
def data(tmp_path: Path) -> Data:
    return Data(tmp_path / "new" / "data")


def test_the_first_start_makes_a_key_that_may_do_all_there_is_without_limits(data: Data) -> None:
    handed_out = data.start()
    [record] = read_keys(data.keys)
    assert (record.id, record.sha256) == (handed_out.id, hash_of(handed_out.key))
    assert (record.tier, record.scopes, record.limits) == ("high", {"submit", "read", "read:all"}, UNLIMITED)
    assert handed_out.webhook_secret.startswith("whsec_")


def test_the_next_start_hands_out_the_same_key_and_signing_secret_and_adds_none(data: Data) -> None:
    first = data.start()
    add_key(data.keys, "of a colleague")
    assert data.start() == first
    assert len(read_keys(data.keys)) == 2


def test_the_key_can_be_read_by_its_owner_only_and_in_that_file_only(data: Data) -> None:
    handed_out = data.start()
    assert data.kept.stat().st_mode & 0o777 == 0o600
    assert [each for each in data.folder.iterdir() if handed_out.key in each.read_text()] == [data.kept]
    assert handed_out.key not in repr(handed_out)


def test_after_a_key_was_revoked_another_one_is_handed_out_from_then_on(data: Data) -> None:
    first = data.start()
    revoke_key(data.keys, first.id)
    second = data.start()
    assert (second.key != first.key, second.webhook_secret != first.webhook_secret) == (True, True)
    assert data.start() == second


@pytest.mark.parametrize("content", [b"", b"sigmak_another", b"\xff"])
def test_a_file_that_holds_no_valid_key_is_replaced(data: Data, content: bytes) -> None:
    data.start()
    data.kept.write_bytes(content)
    second = data.start()
    assert data.kept.read_text().strip() == second.key
    assert second.id in {record.id for record in read_keys(data.keys)}


def test_a_key_that_no_gateway_knows_any_more_is_not_handed_out(data: Data) -> None:
    first = data.start()
    data.keys.unlink()
    assert data.start().key != first.key
