"""What the clients of librdkafka are told of a connection."""

from pathlib import Path

from pydantic import SecretStr

from transport.connection import KafkaConnection, Sasl, Tls

SASL = Sasl("SCRAM-SHA-256", "me", SecretStr("the-password"))


def test_without_security_nothing_is_said_of_it() -> None:
    settings = KafkaConnection("a:1,b:2").client_settings()
    assert (settings["bootstrap.servers"], settings["security.protocol"]) == ("a:1,b:2", "PLAINTEXT")
    assert not [name for name in settings if name.startswith(("ssl.", "sasl."))]


def test_the_protocol_follows_from_what_is_given() -> None:
    made = [KafkaConnection("a:1", tls, sasl) for tls in (None, Tls()) for sasl in (None, SASL)]
    assert [each.protocol for each in made] == ["PLAINTEXT", "SASL_PLAINTEXT", "SSL", "SASL_SSL"]
    assert [each.client_settings()["security.protocol"] for each in made] == [each.protocol for each in made]


def test_a_user_is_told_with_the_password_and_tls_with_its_files() -> None:
    tls = Tls(Path("ca.pem"), Path("client.pem"), Path("client.key"), SecretStr("of-the-key"))
    settings = KafkaConnection("a:1", tls, SASL).client_settings()
    assert {name: value for name, value in settings.items() if name.startswith(("ssl.", "sasl."))} == {
        "ssl.ca.location": "ca.pem",
        "ssl.certificate.location": "client.pem",
        "ssl.key.location": "client.key",
        "ssl.key.password": "of-the-key",
        "sasl.mechanism": "SCRAM-SHA-256",
        "sasl.username": "me",
        "sasl.password": "the-password",
    }


def test_a_connection_can_be_shown_without_its_secrets() -> None:
    shown = repr(KafkaConnection("a:1", Tls(key_password=SecretStr("of-the-key")), SASL))
    assert "of-the-key" not in shown
    assert "the-password" not in shown
