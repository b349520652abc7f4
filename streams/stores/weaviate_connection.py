"""A connection to Weaviate on which nothing waits for ever, and what its client's errors mean for a filing."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from urllib.parse import urlsplit

import httpx
from weaviate import WeaviateClient
from weaviate.auth import Auth
from weaviate.config import AdditionalConfig, GrpcConfig, Timeout
from weaviate.connect import ConnectionParams
from weaviate.exceptions import WeaviateBaseError

from streams.stores.protocol import StoreUnavailable
from streams.stores.weaviate_address import WeaviateAddress

# The client answers a call that finds no connection by repeating it, with pauses that sum up to a minute. Told
# to wait for the connection, the call itself ends at its time-out, which the client does not repeat.
# And a server that comes back is found within a second, not within the two minutes that gRPC backs off to.
_CHANNEL = [
    ("grpc.service_config", '{"methodConfig": [{"name": [{}], "waitForReady": true}]}'),
    ("grpc.max_reconnect_backoff_ms", 1000),
]

# It logs each object that failed, with its text; what is reported of them is in our own errors.
logging.getLogger("weaviate-client").setLevel(logging.CRITICAL)


def connect(address: WeaviateAddress) -> WeaviateClient:
    """A client that is connected.

    Raises:
        StoreUnavailable: where no Weaviate answers, or it refuses the key.
    """
    parts = urlsplit(address.url)
    secure, host = parts.scheme == "https", parts.hostname or ""
    client = WeaviateClient(
        ConnectionParams.from_params(
            http_host=host,
            http_port=parts.port or (443 if secure else 80),
            http_secure=secure,
            grpc_host=address.grpc_host or host,
            grpc_port=address.grpc_port,
            grpc_secure=secure,
        ),
        auth_client_secret=Auth.api_key(address.api_key.get_secret_value()) if address.api_key else None,
        additional_config=AdditionalConfig(
            timeout=Timeout(init=address.timeout, query=address.timeout, insert=address.timeout),
            grpc_config=GrpcConfig(channel_options=_CHANNEL),
        ),
        skip_init_checks=True,  # one of them asks PyPI for the client's newest version
    )
    try:
        with faults_are_ours(address):
            client.connect()
    except StoreUnavailable:
        client.close()
        raise
    return client


class Connection:
    """A client for many threads, which is made anew after a fault.

    gRPC goes on with a connection whose other end was lost without a word: calls on it end at their time-out, which it
    takes for slowness of the server's, until the kernel gives the connection up after a quarter of an hour.
    """

    def __init__(self, address: WeaviateAddress) -> None:
        """Connects; raises as `connect` does."""
        self._address = address
        self._lock = Lock()
        self._current = _Client(connect(address))

    @contextmanager
    def client(self) -> Iterator[WeaviateClient]:
        """A client that is connected, for the time of the block.

        Raises:
            StoreUnavailable: from the block as well, for each error of the client's.
        """
        used = self._take()
        try:
            with faults_are_ours(self._address):
                yield used.client
        except StoreUnavailable:
            used.broken = True
            raise
        finally:
            self._give_back(used)

    def close(self) -> None:
        """Close it; it is not used any more."""
        self._current.client.close()

    def _take(self) -> "_Client":
        with self._lock:
            if self._current.broken:
                self._current = _Client(connect(self._address))
            self._current.uses += 1
            return self._current

    def _give_back(self, used: "_Client") -> None:
        with self._lock:
            used.uses -= 1
            # Not before: it would fail the calls of other threads, which may succeed.
            if used.broken and not used.uses:
                used.client.close()


@dataclass(slots=True)
class _Client:
    client: WeaviateClient
    uses: int = 0
    broken: bool = False


@contextmanager
def faults_are_ours(address: WeaviateAddress) -> Iterator[None]:
    """Turn each error of the client's into a `StoreUnavailable` that names the server."""
    try:
        yield
    except (WeaviateBaseError, httpx.HTTPError, OSError) as fault:
        raise StoreUnavailable(
            f"Weaviate at {address.url} (gRPC port {address.grpc_port}) does not do its work ({_shortened(fault)}). "
            "Does it run there, is its key right, and its disk not full?"
        ) from fault


def _shortened(fault: Exception, limit: int = 300) -> str:
    text = " ".join(str(fault).split()) or type(fault).__name__
    return text if len(text) <= limit else f"{text[:limit]}…"
