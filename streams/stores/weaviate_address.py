"""Where a Weaviate is. Apart from its client, which takes a second to import: not all who start or name one need it."""

from dataclasses import dataclass

from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class WeaviateAddress:
    """Where a Weaviate is, and who asks."""

    url: str
    """`http://host:port` or, with TLS for gRPC too, `https://host:port`."""
    grpc_port: int
    grpc_host: str | None = None
    """The URL's by default."""
    api_key: SecretStr | None = None
    timeout: float = 10.0
    """Seconds for one request."""
