"""`sigmak keys`: makes keys that may do what was said, lists them without a secret, revokes them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.keys import KeyLimits, hash_of, read_keys
from ops.failures import CommandFailed, UsageFailed
from ops.main import app


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def _keys(file: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["keys", *arguments, "--file", str(file)])


def _new(file: Path, *arguments: str) -> str:
    outcome = _keys(file, "new", *arguments)
    assert outcome.exit_code == 0, outcome.output
    return outcome.stdout.strip()


def test_a_key_is_made_with_all_that_was_said(file: Path) -> None:
    key = _new(
        file, "ci", "--high", "--scope", "submit", "--scope", "read:all", "--expires", "90d", "--per-minute", "30",
        "--waiting-tasks", "unlimited", "--open-streams", "2", "--max-body-bytes", "5000",
    )  # fmt: skip
    [record] = read_keys(file)
    assert record.sha256 == hash_of(key)
    assert (record.tier, record.scopes) == ("high", {"submit", "read:all"})
    assert record.limits == KeyLimits(
        submissions_per_minute=30, waiting_tasks="unlimited", open_streams=2, max_body_bytes=5000
    )
    assert record.expires_at is not None
    assert timedelta(days=89) < record.expires_at - datetime.now(UTC) < timedelta(days=91)


def test_what_was_not_said_is_the_gateways_to_decide(file: Path) -> None:
    _new(file, "ci")
    [record] = read_keys(file)
    assert (record.tier, record.scopes, record.limits) == ("standard", {"submit", "read"}, KeyLimits())
    assert record.expires_at is None


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--per-minute", "0"),
        ("--per-minute", "many"),
        ("--waiting-tasks", "-1"),
        ("--max-body-bytes", "0"),
        ("--scope", "write"),
        ("--expires", "soon"),
        ("--expires", "2020-01-01"),
    ],
)
def test_what_can_not_be_meant_makes_no_key(file: Path, option: str, value: str) -> None:
    outcome = _keys(file, "new", "ci", option, value)
    assert isinstance(outcome.exception, UsageFailed)
    assert not file.exists()


def test_the_list_tells_of_every_key_what_it_may_and_whether_it_counts_but_no_secret(file: Path) -> None:
    keys = [_new(file, "valid", "--per-minute", "3"), _new(file, "leaked"), _new(file, "old", "--expires", "1m")]
    content = file.read_text()
    expires_at = read_keys(file)[2].model_dump(mode="json")["expires_at"]
    file.write_text(content.replace(expires_at, "2026-01-01T00:00:00Z"))
    assert _keys(file, "revoke", "leaked").exit_code == 0
    outcome = _keys(file, "list", "--json")
    listed = json.loads(outcome.stdout)
    assert [(each["name"], each["state"]) for each in listed] == [
        ("valid", "valid"), ("leaked", "revoked"), ("old", "expired"),
    ]  # fmt: skip
    assert set(listed[0]) == {
        "id", "name", "state", "tier", "scopes", "created_at", "expires_at", "revoked_at", "limits",
    }  # fmt: skip
    assert listed[0]["limits"] == {"submissions_per_minute": 3}
    assert listed[1]["revoked_at"] is not None
    shown = outcome.stdout + _keys(file, "list").stdout
    for key in keys:
        assert key not in shown
        assert hash_of(key) not in shown


def test_the_list_for_people_names_every_key(file: Path) -> None:
    _new(file, "somebody")
    [record] = read_keys(file)
    shown = _keys(file, "list").stdout
    assert record.id in shown
    assert "somebody" in shown


def test_a_key_that_is_not_there_can_not_be_revoked(file: Path) -> None:
    _new(file, "ci")
    outcome = _keys(file, "revoke", "nobody")
    assert isinstance(outcome.exception, CommandFailed)
    assert "nobody" in str(outcome.exception)
