"""The gateway's settings."""

from pathlib import Path
from typing import Annotated, Self

from platformdirs import user_state_path
from pydantic import AnyHttpUrl, Field, model_validator

from gateway.bodies_in_hand import share_of_a_body, share_of_a_key
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
    max_bodies_bytes: Annotated[int, Field(ge=1024)] = 384 * _MIB
    """Bytes of all submissions under way; a key has a third of it, or two thirds for one body alone. Others get 503."""
    body_timeout: Annotated[float, Field(gt=0, le=600)] = 30.0
    """Seconds to wait for each part of a body; 408 ends one that stops or falls behind 16 KiB/s for long."""
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

    cancellations_per_minute: Limit = 1000
    """Tasks that a key may cancel within 60 s at this gateway, those of a batch included: a number, or `unlimited`."""
    public_url: AnyHttpUrl | None = None
    """What `Location` and `status_url` begin with: the address for clients, e.g. `https://api.example.com`."""
    trusted_hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    """Without `public_url`: hosts whose name in `Host` is repeated in links, as a JSON list; others get `/tasks/…`."""
    max_head_bytes: Annotated[int, Field(ge=4096, le=_MIB)] = 64 * 1024
    """Bytes of a request's line and headers, 32 more for each header; one header has 16 KiB. More is refused by 431."""
    head_timeout: Annotated[float, Field(gt=0, le=600)] = 10.0
    """Seconds for a request's line and headers to come, from the connection's opening or its last answer."""
    read_timeout: Annotated[float, Field(gt=0, le=600)] = 30.0
    """Seconds within which a client must read 32 KiB of an answer that waits for it, or the rest."""
    max_connections: Annotated[int, Field(ge=2)] = 4096
    """Connections to the port in all; fewer if the limit of open files (`ulimit -Hn`) is too low for them."""
    max_connections_per_address: Annotated[int, Field(ge=1)] = 1024
    """Connections of one address, at most half of all; behind a proxy all have the proxy's."""
    gateway_probe_port: Annotated[int, Field(ge=0, le=65535)] = 0
    """Port of /live, /ready, /health and /metrics alone, which no flood of the other port reaches; 0 serves none."""
    gateway_probe_host: str = "127.0.0.1"
    """The address that the gateway's probes listen on."""

    @model_validator(mode="after")
    def _bodies_fit(self) -> Self:
        """A body that is larger than its share of the room would be refused with 503 however often it is sent."""
        if self.max_body_bytes > share_of_a_key(self.max_bodies_bytes):
            raise ValueError("SIGMAK_MAX_BODY_BYTES is more than a third of SIGMAK_MAX_BODIES_BYTES, a key's share")
        if self.max_batch_bytes > share_of_a_body(self.max_bodies_bytes):
            raise ValueError(
                "SIGMAK_MAX_BATCH_BYTES is more than two thirds of SIGMAK_MAX_BODIES_BYTES, a body's share"
            )
        return self
