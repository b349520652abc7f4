"""Signs a notification as Standard Webhooks (https://www.standardwebhooks.com) asks."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

_PREFIX = "whsec_"


def signed_headers(webhook_id: str, body: bytes, *, secrets: Sequence[str], now: datetime) -> dict[str, str]:
    """The headers that let a receiver verify the body.

    Args:
        secrets: `whsec_` and base64; one signature each, so that a receiver with either secret can verify it.
        now: the time of this attempt, which receivers compare with their clocks.
    """
    timestamp = str(int(now.timestamp()))
    content = b".".join((webhook_id.encode(), timestamp.encode(), body))
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(_signature(content, secret) for secret in secrets),
    }


def _signature(content: bytes, secret: str) -> str:
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
