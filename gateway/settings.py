"""The gateway's settings."""

from pathlib import Path
from typing import Annotated, Self

from platformdirs import user_state_path
from pydantic import Field, model_validator

from gateway.keys import Limit
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
    """A larger request body is refused before it is read; a key may have a limit of its own."""
    max_batch_bytes: Annotated[int, Field(ge=1024)] = 200 * _MIB
    """A larger body of a batch is refused; a key that has a limit of its own for bodies has it for batches, too."""
    max_bodies_bytes: Annotated[int, Field(ge=1024)] = 256 * _MIB
    """What the bodies of all submissions under way may have together; others get 503 until some are on Kafka."""
    body_timeout: Annotated[float, Field(gt=0, le=600)] = 30.0
    """Seconds to wait for each part of a body; 408 ends one that stops or takes longer than the largest at 32 KiB/s."""
    max_document_bytes: Annotated[int, Field(ge=1024)] = 50 * _MIB
    """A larger document is refused."""
    heartbeat_seconds: Annotated[float, Field(gt=0, le=600)] = 15.0
    """Seconds without an event until a stream of events shows that its connection lives."""
    publish_timeout: Annotated[float, Field(gt=0, le=60)] = 4.0
    """Seconds to wait for Kafka's acknowledgement of one submission before the answer is 503."""
    batch_publish_timeout: Annotated[float, Field(gt=0, le=600)] = 30.0
    """Seconds to wait for Kafka's acknowledgements of one batch before the answer is 503."""
    submissions_per_minute: Limit = 10
    """Filings that a key may submit within 60 s at all gateways: a number, or `unlimited`; a key may have its own."""
    waiting_tasks: Limit = 1000
    """Tasks of a key that may be on their way, over all gateways."""
    open_streams: Limit = 50
    """Event streams that a key may have open at this gateway."""

    @model_validator(mode="after")
    def _one_body_fits(self) -> Self:
        if self.max_body_bytes > self.max_bodies_bytes:
            raise ValueError("SIGMAK_MAX_BODY_BYTES is more than SIGMAK_MAX_BODIES_BYTES: such a body is never read")
        return self
