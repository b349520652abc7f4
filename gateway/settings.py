"""The gateway's settings."""

from pathlib import Path
from typing import Annotated

from platformdirs import user_state_path
from pydantic import Field

from transport.webhook_settings import WebhookSettings

_MIB = 1024 * 1024


class GatewaySettings(WebhookSettings):
    """Each field is read from the environment, prefix `SIGMAK_`."""

    host: str = "127.0.0.1"
    """The address to listen on."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """The port to listen on."""
    api_keys_file: Path
    """The file of API keys, which `sigmak keys new` writes; it holds hashes only. Read again when it changes."""
    status_table_dir: Path = user_state_path("sigmak") / "status-table"
    """This gateway's own folder for its status table; rebuilt from Kafka where it is missing."""
    document_roots: tuple[Path, ...] = ()
    """Folders that `html_path` may point into, as a JSON list; none by default."""
    max_body_bytes: Annotated[int, Field(ge=1024)] = 60 * _MIB
    """A larger request body is refused before it is read."""
    max_document_bytes: Annotated[int, Field(ge=1024)] = 50 * _MIB
    """A larger document is refused."""
    publish_timeout: Annotated[float, Field(gt=0, le=60)] = 4.0
    """Seconds to wait for Kafka's acknowledgement of one submission before the answer is 503."""
