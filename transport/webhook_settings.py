"""Settings that the gateway, which takes callback URLs, and the sender of webhooks share."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from transport.allowed_receivers import AllowedReceivers
from transport.settings import KafkaSettings


def _entry(entry: str) -> str:
    AllowedReceivers([entry])
    return entry


class WebhookSettings(KafkaSettings):
    """Each field is read from the environment, prefix `SIGMAK_`."""

    webhook_secrets_file: Path | None = None
    """The file of signing secrets, which `sigmak webhooks secret` writes, readable by its owner only. Without it no
    `callback_url` is taken."""
    webhook_allow: Annotated[tuple[Annotated[str, AfterValidator(_entry)], ...], Field(max_length=1000)] = ()
    """Receivers of webhooks that may be on private addresses and without TLS, for development: a JSON list of hosts,
    `host:port` and networks."""

    def allowed_receivers(self) -> AllowedReceivers:
        """The allow-list."""
        return AllowedReceivers(self.webhook_allow)
