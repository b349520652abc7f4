"""Signatures, as receivers verify them."""

import base64
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from streams.webhooks.signing import signed_headers
from transport.webhook_secrets import make_secret

BODY = '{"type":"task.succeeded","data":{"ticker":"Ä"}}'.encode()
OTHER = "whsec_" + base64.b64encode(b"x" * 32).decode()


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def secret(tmp_path: Path) -> str:
    return make_secret(tmp_path / "secrets.json", "key-1", now=now())


def test_a_receiver_verifies_it_with_the_secret_and_gets_the_body(secret: str) -> None:
    headers = signed_headers("msg-1", BODY, secrets=[secret], now=now())
    assert Webhook(secret).verify(BODY, headers)["data"] == {"ticker": "Ä"}
    assert headers["webhook-id"] == "msg-1"


def test_during_a_rotation_a_receiver_with_either_secret_verifies_it(secret: str) -> None:
    headers = signed_headers("msg-1", BODY, secrets=[OTHER, secret], now=now())
    assert len(headers["webhook-signature"].split(" ")) == 2
    for each in (OTHER, secret):
        assert Webhook(each).verify(BODY, headers)


@pytest.mark.parametrize("change", ["body", "id", "timestamp", "secret"])
def test_what_was_changed_on_the_way_is_not_verified(secret: str, change: str) -> None:
    headers = signed_headers("msg-1", BODY, secrets=[secret], now=now())
    headers |= {"id": {"webhook-id": "msg-2"}, "timestamp": {"webhook-timestamp": str(int(now().timestamp()) + 1)}}.get(
        change, {}
    )
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER if change == "secret" else secret).verify(BODY + b" " * (change == "body"), headers)
