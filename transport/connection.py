"""How every Kafka client of ours connects: where the brokers are, and how the two sides know each other."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import SecretStr

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
ClientSettings = dict[str, str | int | float | bool]

_ANSWER_SECONDS = 10
"""librdkafka's default of 60 s is how long a client would wait for an answer on a connection whose other end was lost
without a word, as behind a failed route: gateway and worker took up to 57 s to find back after the network had."""


@dataclass(frozen=True, slots=True)
class Tls:
    """Encryption. Brokers must have a certificate of their host name; nothing switches that check off.

    Attributes:
        ca_file: PEM file of the authorities that brokers' certificates are of; None takes the system's.
        certificate_file: PEM file of this client's own certificate, where brokers ask for one.
        key_file: PEM file of the certificate's key.
        key_password: of the key, where it is encrypted.
    """

    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    key_password: SecretStr | None = None

    def context(self) -> ssl.SSLContext:
        """The same for clients that take Python's.

        Raises:
            OSError: where a file can't be read, or is not what it should be (ssl.SSLError is one).
        """
        context = ssl.create_default_context(cafile=self.ca_file)
        if self.certificate_file is not None:
            # Without a password OpenSSL would ask the terminal for an encrypted key's.
            context.load_cert_chain(self.certificate_file, self.key_file, self._key_password() or "")
        return context

    def client_settings(self) -> ClientSettings:
        """The same for librdkafka."""
        given = {
            "ssl.ca.location": self.ca_file,
            "ssl.certificate.location": self.certificate_file,
            "ssl.key.location": self.key_file,
            "ssl.key.password": self._key_password(),
        }
        return {name: str(value) for name, value in given.items() if value is not None}

    def _key_password(self) -> str | None:
        return None if self.key_password is None else self.key_password.get_secret_value()


@dataclass(frozen=True, slots=True)
class Sasl:
    """A user name and password, and how they are shown to the brokers."""

    mechanism: SaslMechanism
    username: str
    password: SecretStr

    def client_settings(self) -> ClientSettings:
        """As librdkafka takes it."""
        return {
            "sasl.mechanism": self.mechanism,
            "sasl.username": self.username,
            "sasl.password": self.password.get_secret_value(),
        }


@dataclass(frozen=True, slots=True)
class KafkaConnection:
    """What each client of a process is made with.

    Attributes:
        bootstrap_servers: brokers to start from, `host:port` separated by commas.
        tls: None sends everything in the clear.
        sasl: None shows the brokers no user name.
    """

    bootstrap_servers: str
    tls: Tls | None = None
    sasl: Sasl | None = None

    @property
    def protocol(self) -> SecurityProtocol:
        """Kafka's name for it."""
        if self.sasl is None:
            return "PLAINTEXT" if self.tls is None else "SSL"
        return "SASL_PLAINTEXT" if self.tls is None else "SASL_SSL"

    def client_settings(self) -> ClientSettings:
        """The settings that all librdkafka clients share.

        An answer that takes longer than 10 s on the wire is never read: a consumer whose `fetch.max.bytes` is a
        network's work of more than that would ask for it again and again.
        """
        return {
            "bootstrap.servers": self.bootstrap_servers,
            "security.protocol": self.protocol,
            **({} if self.tls is None else self.tls.client_settings()),
            **({} if self.sasl is None else self.sasl.client_settings()),
            "socket.timeout.ms": _ANSWER_SECONDS * 1000,
            "socket.keepalive.enable": True,
            # With it a request waits until Kafka's machine has the one before: of submissions at 100 a second half took
            # 7 ms where they take 5, and the slowest of a hundred 23 where they take 12.
            "socket.nagle.disable": True,
            # A broker that is back would be found up to 10 s later.
            "reconnect.backoff.max.ms": 1000,
        }
