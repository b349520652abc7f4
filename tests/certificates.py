"""An authority of a test's own and what it certifies, as PEM and PKCS #12 files."""

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

_LIFE = timedelta(days=1)
RECEIVER = "receiver.test"
"""A name that resolves nowhere but in tests."""


class Authority:
    """Certifies brokers, clients and receivers of webhooks on 127.0.0.1.

    Attributes:
        file: its certificate, which who trusts it is given.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name, self._key = folder, _named(name), ec.generate_private_key(ec.SECP256R1())
        self._certificate = self._signed(self._name, self._key, x509.BasicConstraints(ca=True, path_length=0))
        self.file = folder / f"{name}.ca.pem"
        folder.mkdir(parents=True, exist_ok=True)
        self.file.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def keystore(self, name: str, password: str) -> Path:
        """A PKCS #12 file with a new key and its certificate, as Java's servers take it."""
        key = ec.generate_private_key(ec.SECP256R1())
        encryption = serialization.BestAvailableEncryption(password.encode())
        file = self._folder / f"{name}.p12"
        file.write_bytes(
            pkcs12.serialize_key_and_certificates(
                name.encode(), key, self._certified(name, key), [self._certificate], encryption
            )
        )
        return file

    def pem(self, name: str, password: str | None = None) -> tuple[Path, Path]:
        """The files of a certificate and of its new key, which is encrypted where there is a password."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate_file, key_file = self._folder / f"{name}.pem", self._folder / f"{name}.key.pem"
        certificate_file.write_bytes(self._certified(name, key).public_bytes(serialization.Encoding.PEM))
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption()
                if password is None
                else serialization.BestAvailableEncryption(password.encode()),
            )
        )
        return certificate_file, key_file

    def _certified(self, name: str, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
        address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        here = x509.SubjectAlternativeName([address, x509.DNSName(RECEIVER)])
        return self._signed(_named(name), key, x509.BasicConstraints(ca=False, path_length=None), here)

    def _signed(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *extensions: x509.ExtensionType
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            # A clock that is a little behind must not find it not valid yet.
            .not_valid_before(now - _LIFE)
            .not_valid_after(now + _LIFE)
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
