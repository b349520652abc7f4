"""How our processes and Kafka's brokers know each other; a combination that can't be meant stops the start."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, FilePath, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from transport.connection import Sasl, SaslMechanism, SecurityProtocol, Tls

_PROTOCOL = "SIGMAK_KAFKA_SECURITY_PROTOCOL"


class KafkaSecuritySettings(BaseSettings):
    """Each field is read from the environment, prefix `SIGMAK_`.

    Validators see the fields that stand before theirs; that decides the order of the fields.
    """

    model_config = SettingsConfigDict(
        env_prefix="SIGMAK_", frozen=True, extra="ignore", env_ignore_empty=True, use_attribute_docstrings=True
    )

    kafka_security_protocol: SecurityProtocol = "PLAINTEXT"
    """How every client connects to Kafka: with TLS where it ends in SSL, as a user where it begins with SASL."""
    kafka_sasl_mechanism: SaslMechanism | None = None
    """How user name and password are shown to the brokers: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512."""
    kafka_sasl_username: Annotated[str, Field(min_length=1)] | None = None
    """The user that all processes are to the brokers."""
    kafka_sasl_password: Annotated[SecretStr, Field(min_length=1)] | None = None
    """That user's password."""
    kafka_ca_file: FilePath | None = None
    """PEM file of the authorities that the brokers' certificates are of, where the system does not know them."""
    kafka_certificate_file: FilePath | None = None
    """PEM file of the certificate that the processes show, where the brokers ask for one."""
    kafka_key_password: SecretStr | None = None
    """The password of that key, where it is encrypted."""
    kafka_key_file: FilePath | None = None
    """PEM file of the certificate's key."""

    @field_validator("kafka_sasl_mechanism", "kafka_sasl_username", "kafka_sasl_password")
    @classmethod
    def _with_sasl(cls, value: object, given: ValidationInfo) -> object:
        protocol = given.data.get("kafka_security_protocol")
        if protocol is not None:
            if value is None and protocol.startswith("SASL"):
                raise ValueError(f"is needed, since {_PROTOCOL} is {protocol}")
            _refuse_unused(value, protocol, used=protocol.startswith("SASL"))
        return value

    @field_validator("kafka_ca_file", "kafka_certificate_file", "kafka_key_password", "kafka_key_file")
    @classmethod
    def _with_tls(cls, value: object, given: ValidationInfo) -> object:
        protocol = given.data.get("kafka_security_protocol")
        if protocol is not None:
            _refuse_unused(value, protocol, used=protocol.endswith("SSL"))
        return value

    @field_validator("kafka_ca_file")
    @classmethod
    def _holds_authorities(cls, value: Path | None) -> Path | None:
        if value is None:
            return value
        try:
            Tls(ca_file=value).context()
        except OSError as error:
            raise ValueError(f"holds no certificates that can be read: {error}") from error
        return value

    @field_validator("kafka_key_file")
    @classmethod
    def _fits_its_certificate(cls, value: Path | None, given: ValidationInfo) -> Path | None:
        if not {"kafka_certificate_file", "kafka_key_password"} <= given.data.keys():
            return value
        certificate, password = given.data["kafka_certificate_file"], given.data["kafka_key_password"]
        if value is None and (certificate or password):
            raise ValueError("is needed, since a certificate or a key's password is given")
        if value is None:
            return value
        if certificate is None:
            raise ValueError("is of no use without SIGMAK_KAFKA_CERTIFICATE_FILE")
        try:
            Tls(certificate_file=certificate, key_file=value, key_password=password).context()
        except OSError as error:
            raise ValueError(f"can't be loaded with its certificate and password: {error}") from error
        return value

    def tls(self) -> Tls | None:
        """Encryption, where the protocol has it."""
        if not self.kafka_security_protocol.endswith("SSL"):
            return None
        return Tls(self.kafka_ca_file, self.kafka_certificate_file, self.kafka_key_file, self.kafka_key_password)

    def sasl(self) -> Sasl | None:
        """The user to be, where the protocol has one."""
        mechanism, username, password = self.kafka_sasl_mechanism, self.kafka_sasl_username, self.kafka_sasl_password
        if mechanism is None or username is None or password is None:
            return None
        return Sasl(mechanism, username, password)


def _refuse_unused(value: object, protocol: SecurityProtocol, *, used: bool) -> None:
    """A password without its protocol is one forgotten: everything would go unprotected, and nobody would notice."""
    if value is not None and not used:
        raise ValueError(f"is of no use while {_PROTOCOL} is {protocol}")
