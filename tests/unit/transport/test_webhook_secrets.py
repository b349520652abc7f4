"""Signing secrets: a file of their own, and rotation without a gap."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.unit.at_once import run_at_once
from tests.unit.examples import NOON
from transport.webhook_secrets import SecretExists, SecretsUnreadable, WebhookSecrets, make_secret

DAY = timedelta(days=1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "secrets.json"


def test_a_secret_signs_for_its_key_alone(file: Path) -> None:
    secrets = WebhookSecrets(file)
    made = make_secret(file, "key-1", now=NOON)
    assert made.startswith("whsec_")
    assert (secrets.valid("key-1", NOON), secrets.valid("key-2", NOON)) == ((made,), ())


def test_only_its_owner_may_read_the_file(file: Path) -> None:
    make_secret(file, "key-1", now=NOON)
    make_secret(file, "key-2", now=NOON)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_second_secret_is_made_only_by_rotation(file: Path) -> None:
    made = make_secret(file, "key-1", now=NOON)
    with pytest.raises(SecretExists, match="--rotate"):
        make_secret(file, "key-1", now=NOON)
    assert WebhookSecrets(file).valid("key-1", NOON) == (made,)


def test_the_one_before_signs_as_well_for_the_stated_time_and_no_longer(file: Path) -> None:
    first = make_secret(file, "key-1", now=NOON)
    secrets = WebhookSecrets(file)
    assert secrets.valid("key-1", NOON) == (first,)
    second = make_secret(file, "key-1", now=NOON, keep=DAY)
    assert secrets.valid("key-1", NOON + DAY - timedelta(seconds=1)) == (second, first)
    assert secrets.valid("key-1", NOON + DAY) == (second,)


def test_a_rotation_during_another_forgets_neither(file: Path) -> None:
    made = [make_secret(file, "key-1", now=NOON, keep=DAY) for _ in range(3)]
    assert WebhookSecrets(file).valid("key-1", NOON) == tuple(reversed(made))
    last = make_secret(file, "key-1", now=NOON + 2 * DAY, keep=DAY)
    assert WebhookSecrets(file).valid("key-1", NOON + 2 * DAY) == (last, made[-1])


_MAKES_MANY = """
for number in range(20):
    make_secret(Path(sys.argv[1]), f"{sys.argv[2]}-{number}", now=datetime.now(UTC))
"""


def test_of_secrets_that_are_made_at_the_same_time_none_is_lost(file: Path) -> None:
    imports = "from datetime import UTC, datetime\nfrom pathlib import Path\nfrom transport.webhook_secrets import make_secret"
    run_at_once(imports, _MAKES_MANY, *[(file, f"process-{number}") for number in range(3)])
    secrets = WebhookSecrets(file)
    owners = [f"process-{process}-{number}" for process in range(3) for number in range(20)]
    assert all(secrets.valid(owner, NOON) for owner in owners)


def test_a_file_that_can_not_be_read_is_named_and_never_taken_for_one_without_secrets(tmp_path: Path) -> None:
    no_file = tmp_path / "folder"
    no_file.mkdir()
    with pytest.raises(SecretsUnreadable, match="folder can't be read"):
        WebhookSecrets(no_file).valid("key-1", NOON)
    (tmp_path / "file").write_text("")
    with pytest.raises(SecretsUnreadable, match="can't be read"):
        WebhookSecrets(tmp_path / "file" / "secrets.json").valid("key-1", NOON)


@pytest.mark.parametrize("content", [None, b""])
def test_a_file_that_is_missing_or_empty_holds_no_secret(file: Path, content: bytes | None) -> None:
    if content is not None:
        file.parent.mkdir()
        file.write_bytes(content)
    assert WebhookSecrets(file).valid("key-1", NOON) == ()


def test_a_damaged_file_is_named_and_its_content_is_not(file: Path) -> None:
    secrets = WebhookSecrets(file)
    make_secret(file, "key-1", now=NOON)
    file.write_text(file.read_text().replace('"key-1"', "whsec_leak"))
    with pytest.raises(SecretsUnreadable, match=r"secrets\.json") as refused:
        secrets.valid("key-1", NOON)
    assert "whsec" not in str(refused.value)
    with pytest.raises(SecretsUnreadable):
        make_secret(file, "key-1", now=NOON)
