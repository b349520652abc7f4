"""Whether a callback URL that somebody submits can be served at all."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from gateway.problems import Problem, invalid_field
from schemas.callbacks import Callback
from transport.allowed_receivers import AllowedReceivers
from transport.webhook_secrets import WebhookSecrets
from transport.webhook_settings import WebhookSettings


@dataclass(frozen=True, slots=True)
class Callbacks:
    """Refuses what would only fail later. Where a name leads to is looked at when it is called, not here.

    Attributes:
        secrets: None where this gateway was given none: then no callback is taken.
    """

    allowed: AllowedReceivers
    secrets: WebhookSecrets | None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @classmethod
    def of(cls, settings: WebhookSettings) -> Self:
        """What the settings say."""
        file = settings.webhook_secrets_file
        return cls(settings.allowed_receivers(), None if file is None else WebhookSecrets(file))

    def check(self, url: str, owner: str) -> None:
        """Raise a 422 problem where a key's callback URL can't be called, or could not be signed."""
        callback = Callback.of(url)
        if callback.scheme != "https" and not self.allowed.names(callback.host, callback.port):
            raise _refused("give a URL that begins with https://")
        if self.secrets is None:
            raise _refused("callbacks are not set up at this gateway (SIGMAK_WEBHOOK_SECRETS_FILE)")
        if not self.secrets.valid(owner, self.now()):
            raise _refused(f"this API key has no signing secret; an operator makes one: sigmak webhooks secret {owner}")


def _refused(message: str) -> Problem:
    return invalid_field("callback_url", message)
