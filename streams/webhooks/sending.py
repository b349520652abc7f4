"""One attempt to deliver: an HTTP request to a checked address, signed, without redirects, proxies or a long wait."""

import asyncio
import logging
import ssl
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import httpcore

from schemas.callbacks import Callback
from schemas.webhooks import WebhookAttempt, WebhookDelivery
from streams.webhooks.guarded_network import AddressRefused, GuardedNetwork, NameUnknown, Resolve
from streams.webhooks.signing import signed_headers
from transport.allowed_receivers import AllowedReceivers
from transport.webhook_secrets import SecretsUnreadable, WebhookSecrets

log = logging.getLogger(__name__)

_ATTEMPT_SECONDS = 20.0
"""For all of an attempt: resolving, connecting, sending and the answer's first lines."""
_USER_AGENT = "SigmaK-Streams"
_DEFAULT_PORTS = {"https": 443, "http": 80}


class NoSecret(Exception):
    """Nothing can sign a delivery now."""


class SchemeRefused(Exception):
    """A receiver without TLS that is not on the allow-list; it may have been when the filing was accepted."""


_ERRORS: tuple[tuple[type[Exception], str], ...] = (
    (NoSecret, "no_secret"),
    (SchemeRefused, "scheme_refused"),
    (AddressRefused, "address_refused"),
    (NameUnknown, "name_unknown"),
    (TimeoutError, "timeout"),
    (httpcore.TimeoutException, "timeout"),
    (httpcore.ConnectError, "connection_failed"),
    (httpcore.NetworkError, "connection_broken"),
    (httpcore.ProtocolError, "broken_answer"),
)
"""What an attempt may end in without an answer, by the first that fits. Any other exception is a fault of ours."""


class Sender:
    """Attempts deliveries, any number at a time.

    Args:
        secrets: what signs them.
        allowed: receivers that may be without TLS and on other addresses than the internet's.
        resolve: the addresses of a host name.
        now: the clock, in UTC.
        ca_file: PEM file of authorities that receivers' certificates may be of, beside the system's.
        seconds: what an attempt may take.
    """

    def __init__(
        self,
        *,
        secrets: WebhookSecrets,
        allowed: AllowedReceivers,
        resolve: Resolve,
        now: Callable[[], datetime],
        ca_file: Path | None = None,
        seconds: float = _ATTEMPT_SECONDS,
    ) -> None:
        self._secrets, self._allowed, self._now, self._seconds = secrets, allowed, now, seconds
        tls = ssl.create_default_context()
        if ca_file is not None:
            tls.load_verify_locations(ca_file)
        self._http = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            # Who sends bounds how many there are; the default of 10 would let dead receivers hold up the others.
            max_connections=None,
            # An answer's body is not read, so its connection can't be used again.
            max_keepalive_connections=0,
            network_backend=GuardedNetwork(resolve, allowed),
        )

    async def attempt(self, delivery: WebhookDelivery) -> WebhookAttempt:
        """Send it once, and tell how that went; never raises for what a receiver or its network does."""
        try:
            async with asyncio.timeout(self._seconds):
                status = await self._send(delivery)
        except tuple(kind for kind, _ in _ERRORS) as fault:
            error = next(name for kind, name in _ERRORS if isinstance(fault, kind))
            return WebhookAttempt(at=self._now(), error="tls_failed" if _is_of_tls(fault) else error)
        return WebhookAttempt(at=self._now(), status=status)

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def _send(self, delivery: WebhookDelivery) -> int:
        callback = Callback.of(delivery.url)
        if callback.scheme != "https" and not self._allowed.names(callback.host, callback.port):
            raise SchemeRefused
        body = delivery.body.encode()
        signed = signed_headers(delivery.webhook_id, body, secrets=self._secrets_of(delivery), now=self._now())
        url = httpcore.URL(scheme=callback.scheme, host=callback.host, port=callback.port, target=callback.target)
        headers = {"Host": _host_header(callback), "User-Agent": _USER_AGENT, "Content-Type": "application/json"}
        async with self._http.stream("POST", url, headers=[*headers.items(), *signed.items()], content=body) as answer:
            return int(answer.status)

    def _secrets_of(self, delivery: WebhookDelivery) -> tuple[str, ...]:
        try:
            secrets = self._secrets.valid(delivery.owner or "", self._now())
        except SecretsUnreadable as error:
            log.error("webhooks wait: %s", error)
            raise NoSecret from error
        if not secrets:
            log.warning("webhook %s waits: API key %s has no signing secret", delivery.webhook_id, delivery.owner)
            raise NoSecret
        return secrets


def _host_header(callback: Callback) -> str:
    host = f"[{callback.host}]" if ":" in callback.host else callback.host
    return host if callback.port == _DEFAULT_PORTS[callback.scheme] else f"{host}:{callback.port}"


def _is_of_tls(fault: BaseException) -> bool:
    """To httpcore, a certificate that is not trusted is a connection that failed."""
    before = fault.__cause__ or fault.__context__
    return isinstance(fault, ssl.SSLError) or (before is not None and _is_of_tls(before))
