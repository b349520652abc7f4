"""A Kafka that clients must prove themselves to, in each of the ways that our settings know."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from ops.local.kafka import LocalKafka
from ops.local.kafka_config import Listeners, Proxied, broker_settings
from ops.local.ports import LOOPBACK, free_ports
from tests.certificates import Authority
from tests.waiting import eventually

USER, PASSWORD = "sigmak", "the-sasl-password-of-the-test"
KEY_PASSWORD = "the-password-of-the-clients-key"
_STORE_PASSWORD = "of-the-brokers-key"
_MODULES = "org.apache.kafka.common.security"
_PROTOCOLS = {"CERTIFICATE": "SSL", "PLAIN": "SASL_SSL", "SCRAM": "SASL_PLAINTEXT"}

Settings = dict[str, object]


class SecuredKafka:
    """A broker with a listener for each way, which tells who comes by it of no other one.

    Attributes:
        ways: name -> the settings, without prefix, that make a client of ours welcome there.
        unknown_authority: the certificate of an authority that has certified nothing here.
    """

    def __init__(self, folder: Path) -> None:
        authority = Authority(folder / "certificates", "authority")
        self.unknown_authority = Authority(folder / "certificates", "unknown").file
        certificate, key = authority.pem("client", KEY_PASSWORD)
        clients, controllers, *ports = free_ports(2 + len(_PROTOCOLS))
        addresses = {way: f"{LOOPBACK}:{port}" for way, port in zip(_PROTOCOLS, ports, strict=True)}
        listeners = Listeners(
            f"{LOOPBACK}:{clients}",
            f"{LOOPBACK}:{controllers}",
            {way: Proxied(address, address) for way, address in addresses.items()},
        )
        settings = {
            **broker_settings(1, {1: listeners}),
            "listener.security.protocol.map": "CLIENTS:PLAINTEXT,CONTROLLERS:PLAINTEXT,"
            + ",".join(f"{way}:{protocol}" for way, protocol in _PROTOCOLS.items()),
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "allow.everyone.if.no.acl.found": "true",
            "ssl.keystore.type": "PKCS12",
            "ssl.keystore.location": str(authority.keystore("broker", _STORE_PASSWORD)),
            "ssl.keystore.password": _STORE_PASSWORD,
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(authority.file),
            "listener.name.certificate.ssl.client.auth": "required",
            "listener.name.plain.sasl.enabled.mechanisms": "PLAIN",
            "listener.name.plain.plain.sasl.jaas.config": f'{_MODULES}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";',
            "listener.name.scram.sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "listener.name.scram.scram-sha-512.sasl.jaas.config": f"{_MODULES}.scram.ScramLoginModule required;",
        }
        self._kafka = LocalKafka(folder / "kafka", ports=[clients], settings=settings)
        user: Settings = {"kafka_sasl_username": USER, "kafka_sasl_password": PASSWORD}
        by_name: dict[str, Settings] = {
            "CERTIFICATE": {
                "kafka_ca_file": authority.file,
                "kafka_certificate_file": certificate,
                "kafka_key_file": key,
                "kafka_key_password": KEY_PASSWORD,
            },
            "PLAIN": {"kafka_ca_file": authority.file, "kafka_sasl_mechanism": "PLAIN", **user},
            "SCRAM": {"kafka_sasl_mechanism": "SCRAM-SHA-512", **user},
        }
        self.ways: dict[str, Settings] = {
            way: {"kafka_bootstrap_servers": addresses[way], "kafka_security_protocol": _PROTOCOLS[way], **settings}
            for way, settings in by_name.items()
        }

    @property
    def unsecured(self) -> str:
        """The bootstrap servers for the test itself."""
        return self._kafka.bootstrap_servers

    def start(self) -> None:
        """Start it, and make its user."""
        self._kafka.start()
        upsertion = UserScramCredentialUpsertion(
            USER, ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096), PASSWORD.encode()
        )
        admin = AdminClient({"bootstrap.servers": self.unsecured})
        admin.alter_user_scram_credentials([upsertion])[USER].result(10)

    @contextmanager
    def settings_hidden(self, topic: str) -> Iterator[None]:
        """The broker tells its user everything of a topic but what its settings are."""
        admin = AdminClient({"bootstrap.servers": self.unsecured})
        place = (ResourceType.TOPIC, topic, ResourcePatternType.LITERAL)
        rules = [
            AclBinding(*place, "User:*", "*", AclOperation.ALL, AclPermissionType.ALLOW),
            AclBinding(*place, f"User:{USER}", "*", AclOperation.DESCRIBE_CONFIGS, AclPermissionType.DENY),
        ]
        everything = AclBindingFilter(*place, None, None, AclOperation.ANY, AclPermissionType.ANY)
        for made in admin.create_acls(rules).values():
            made.result(10)
        try:
            # The controller has acknowledged them, and the broker obeys them a moment later.
            eventually(
                lambda: len(admin.describe_acls(everything).result(10)) == len(rules), within=10, what="the rules"
            )
            yield
        finally:
            for deleted in admin.delete_acls([everything]).values():
                deleted.result(10)

    def stop(self) -> None:
        """Stop it."""
        self._kafka.stop()
