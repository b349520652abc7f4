"""Settings of Kafka's security: what belongs together, and what stops the start with the variable's name."""

from pathlib import Path

import pytest

from ops.failures import UsageFailed
from ops.settings import load
from tests.certificates import Authority
from transport.connection import KafkaConnection
from transport.settings import KafkaSettings

PASSWORD = "a-password-that-nobody-sees"
USER = {"SASL_MECHANISM": "PLAIN", "SASL_USERNAME": "me", "SASL_PASSWORD": PASSWORD}

Environment = pytest.MonkeyPatch


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A CA, a certificate, its key as it is and encrypted with PASSWORD, a foreign key, and a file that is none of these."""
    folder = tmp_path_factory.mktemp("certificates")
    authority = Authority(folder, "authority")
    certificate, key = authority.pem("client")
    locked_certificate, locked_key = authority.pem("locked", PASSWORD)
    garbage = folder / "garbage"
    garbage.write_text("no PEM")
    return {
        "ca": authority.file,
        "certificate": certificate,
        "key": key,
        "locked_certificate": locked_certificate,
        "locked_key": locked_key,
        "garbage": garbage,
        "missing": folder / "missing",
    }


def connection(monkeypatch: Environment, **variables: object) -> KafkaConnection:
    """The connection under these variables, named without `SIGMAK_KAFKA_`."""
    for name, value in variables.items():
        monkeypatch.setenv(f"SIGMAK_KAFKA_{name}", str(value))
    return load(KafkaSettings).connection()


def test_the_default_is_a_connection_in_the_clear(monkeypatch: Environment) -> None:
    assert connection(monkeypatch, BOOTSTRAP_SERVERS="a:1") == KafkaConnection("a:1")


def test_a_user_over_tls_with_the_systems_authorities(monkeypatch: Environment) -> None:
    made = connection(monkeypatch, SECURITY_PROTOCOL="SASL_SSL", **USER)
    assert made.protocol == "SASL_SSL"
    assert made.sasl is not None
    assert (made.sasl.mechanism, made.sasl.username, made.sasl.password.get_secret_value()) == ("PLAIN", "me", PASSWORD)


def test_a_certificate_of_ones_own_with_an_encrypted_key(monkeypatch: Environment, files: dict[str, Path]) -> None:
    certificate, key = files["locked_certificate"], files["locked_key"]
    made = connection(
        monkeypatch, SECURITY_PROTOCOL="SSL", CA_FILE=files["ca"], CERTIFICATE_FILE=certificate, KEY_FILE=key,
        KEY_PASSWORD=PASSWORD,
    )  # fmt: skip
    assert made.tls is not None
    assert (made.tls.ca_file, made.tls.certificate_file, made.tls.key_file) == (files["ca"], certificate, key)


@pytest.mark.parametrize(
    ("variables", "at_fault", "why"),
    [
        ({"SECURITY_PROTOCOL": "TLS"}, "SECURITY_PROTOCOL", "'PLAINTEXT', 'SSL', 'SASL_PLAINTEXT' or 'SASL_SSL'"),
        ({"SECURITY_PROTOCOL": "SASL_SSL", **USER, "SASL_MECHANISM": "GSSAPI"}, "SASL_MECHANISM", "'PLAIN', 'SCRAM"),
        *(
            ({"SECURITY_PROTOCOL": "SASL_PLAINTEXT", **USER, missing: ""}, missing, "is needed, since SIGMAK_KAFKA_SECU")
            for missing in USER
        ),
        *(({name: value}, name, "is of no use while SIGMAK_KAFKA_SECURITY_PROTOCOL is PLAIN") for name, value in USER.items()),
        ({"SECURITY_PROTOCOL": "SSL", **USER}, "SASL_PASSWORD", "is of no use while"),
        ({"CA_FILE": "ca"}, "CA_FILE", "is of no use while"),
        ({"SECURITY_PROTOCOL": "SASL_PLAINTEXT", **USER, "CA_FILE": "ca"}, "CA_FILE", "is of no use while"),
        ({"SECURITY_PROTOCOL": "SSL", "CA_FILE": "missing"}, "CA_FILE", "Path does not point to a file"),
        ({"SECURITY_PROTOCOL": "SSL", "CA_FILE": "garbage"}, "CA_FILE", "holds no certificates"),
        ({"SECURITY_PROTOCOL": "SSL", "CERTIFICATE_FILE": "certificate"}, "KEY_FILE", "is needed"),
        ({"SECURITY_PROTOCOL": "SSL", "KEY_PASSWORD": PASSWORD}, "KEY_FILE", "is needed"),
        ({"SECURITY_PROTOCOL": "SSL", "KEY_FILE": "key"}, "KEY_FILE", "is of no use without SIGMAK_KAFKA_CERTIFICATE"),
        (
            {"SECURITY_PROTOCOL": "SSL", "CERTIFICATE_FILE": "certificate", "KEY_FILE": "locked_key", "KEY_PASSWORD": PASSWORD},
            "KEY_FILE", "can't be loaded",
        ),
        (
            {"SECURITY_PROTOCOL": "SSL", "CERTIFICATE_FILE": "locked_certificate", "KEY_FILE": "locked_key"},
            "KEY_FILE", "can't be loaded",
        ),
        (
            {"SECURITY_PROTOCOL": "SSL", "CERTIFICATE_FILE": "locked_certificate", "KEY_FILE": "locked_key", "KEY_PASSWORD": "x"},
            "KEY_FILE", "can't be loaded",
        ),
    ],
)  # fmt: skip
def test_what_does_not_belong_together_stops_the_start_and_names_the_variable(
    monkeypatch: Environment, files: dict[str, Path], variables: dict[str, str], at_fault: str, why: str
) -> None:
    with pytest.raises(UsageFailed) as failed:
        connection(monkeypatch, **{name: files.get(value, value) for name, value in variables.items()})
    assert f"SIGMAK_KAFKA_{at_fault}: " in str(failed.value)
    assert why in str(failed.value)
    assert PASSWORD not in str(failed.value)
