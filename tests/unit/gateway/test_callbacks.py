"""Which callback URLs a gateway takes."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.callbacks import Callbacks
from gateway.problems import Problem
from tests.unit.examples import NOON
from transport.allowed_receivers import AllowedReceivers
from transport.webhook_secrets import WebhookSecrets, make_secret

URL = "https://example.com/hook"


@pytest.fixture
def secrets(tmp_path: Path) -> WebhookSecrets:
    """The key `signed` has a secret."""
    make_secret(tmp_path / "secrets.json", "signed", now=datetime.now(UTC))
    return WebhookSecrets(tmp_path / "secrets.json")


def refusal(url: str, secrets: WebhookSecrets | None, *, owner: str = "signed", allow: tuple[str, ...] = ()) -> str:
    with pytest.raises(Problem) as refused:
        Callbacks(AllowedReceivers(allow), secrets, lambda: NOON).check(url, owner)
    assert (refused.value.status, refused.value.type) == (422, "invalid_request")
    [error] = refused.value.members["errors"]
    assert error["field"] == "callback_url"
    return str(error["message"])


def test_a_key_with_a_secret_may_be_called_back(secrets: WebhookSecrets) -> None:
    Callbacks(AllowedReceivers(()), secrets, lambda: NOON).check(URL, "signed")


def test_a_key_without_a_secret_is_told_who_makes_one(secrets: WebhookSecrets) -> None:
    assert "sigmak webhooks secret other" in refusal(URL, secrets, owner="other")


def test_a_gateway_without_secrets_takes_no_callback() -> None:
    assert "not set up" in refusal(URL, None)


def test_only_who_is_on_the_allow_list_is_called_without_tls(secrets: WebhookSecrets) -> None:
    url = "http://127.0.0.1:8000/hook"
    assert "https" in refusal(url, secrets)
    assert "https" in refusal(url, secrets, allow=("127.0.0.1:8001", "localhost"))
    Callbacks(AllowedReceivers(("127.0.0.1:8000",)), secrets, lambda: NOON).check(url, "signed")
