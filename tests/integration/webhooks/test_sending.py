"""One attempt, to a real server on this machine."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest

from schemas.webhooks import WebhookAttempt
from streams.webhooks.guarded_network import SystemResolver
from streams.webhooks.sending import Sender
from tests.certificates import RECEIVER, Authority
from tests.unit.webhooks.examples import a_delivery
from tests.webhook_receiver import Receiver
from transport.allowed_receivers import Address, AllowedReceivers
from transport.webhook_secrets import WebhookSecrets, make_secret

HERE = ("127.0.0.0/8",)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "receivers")


@pytest.fixture(scope="module")
def plain() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def encrypted(authority: Authority) -> Iterator[Receiver]:
    with Receiver(authority.pem("receiver")) as receiver:
        yield receiver


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    return tmp_path / "secrets.json"


def damage(file: Path) -> None:
    file.write_text("damaged")


async def to_this_machine(_host: str, _port: int) -> Sequence[Address]:
    """What a resolver says that a receiver's owner runs."""
    await asyncio.sleep(0)
    return [ip_address("127.0.0.1")]


async def attempt(
    url: str, secrets: Path, *, allow: Sequence[str] = HERE, ca: Path | None = None, seconds: float = 20.0
) -> WebhookAttempt:
    resolver = to_this_machine if RECEIVER in url else SystemResolver()
    sender = Sender(
        secrets=WebhookSecrets(secrets),
        allowed=AllowedReceivers(allow),
        resolve=resolver,
        now=now,
        ca_file=ca,
        seconds=seconds,
    )
    try:
        return await sender.attempt(a_delivery(url=url))
    finally:
        await sender.close()


async def test_it_is_posted_as_json_signed_and_to_the_letter(plain: Receiver, secrets: Path) -> None:
    secret = make_secret(secrets, "key-1", now=now())
    assert (await attempt(plain.url("/whole/204?a=b"), secrets)).status == 204
    [took] = plain.of("/whole/204?a=b")
    assert took.verified_with(secret)
    assert took.body.decode() == a_delivery().body
    assert (took.headers["content-type"], took.webhook_id) == ("application/json", a_delivery().webhook_id)
    assert took.headers["host"] == f"127.0.0.1:{plain.port}"


async def test_after_a_rotation_it_is_signed_twice_and_without_a_restart(plain: Receiver, secrets: Path) -> None:
    first = make_secret(secrets, "key-1", now=now())
    await attempt(plain.url("/rotated/200"), secrets)
    second = make_secret(secrets, "key-1", now=now(), keep=timedelta(hours=1))
    await attempt(plain.url("/rotated/200"), secrets)
    before, after = plain.of("/rotated/200")
    assert len(before.headers["webhook-signature"].split()) == 1
    assert len(after.headers["webhook-signature"].split()) == 2
    assert after.verified_with(first)
    assert after.verified_with(second)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_an_answer_and_is_not_followed(plain: Receiver, secrets: Path, status: int) -> None:
    make_secret(secrets, "key-1", now=now())
    assert (await attempt(plain.url(f"/redirect/{status}"), secrets)).status == status
    assert plain.of("/elsewhere/200") == []


async def test_tls_asks_for_the_name_though_the_address_was_chosen_before(
    encrypted: Receiver, secrets: Path, authority: Authority
) -> None:
    make_secret(secrets, "key-1", now=now())
    url = encrypted.url("/named/200", RECEIVER)
    assert (await attempt(url, secrets, ca=authority.file)).status == 200
    assert encrypted.of("/named/200")[0].headers["host"] == f"{RECEIVER}:{encrypted.port}"


async def test_a_certificate_of_another_name_or_an_unknown_authority_is_refused(
    encrypted: Receiver, secrets: Path, authority: Authority
) -> None:
    make_secret(secrets, "key-1", now=now())
    other = encrypted.url("/untrusted/200", f"other.{RECEIVER}")
    assert (await attempt(other, secrets, ca=authority.file)).error == "tls_failed"
    assert (await attempt(encrypted.url("/untrusted/200"), secrets)).error == "tls_failed"
    assert encrypted.of("/untrusted/200") == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", RECEIVER, "[::1]", "[::ffff:127.0.0.1]", "127.1"])
async def test_this_machine_is_not_called_unless_it_is_allowed(encrypted: Receiver, secrets: Path, host: str) -> None:
    make_secret(secrets, "key-1", now=now())
    refused = await attempt(encrypted.url("/refused/200", host), secrets, allow=())
    assert (refused.status, refused.error) == (None, "address_refused")
    assert encrypted.of("/refused/200") == []


async def test_who_is_not_on_the_allow_list_any_more_is_not_called_without_tls(plain: Receiver, secrets: Path) -> None:
    make_secret(secrets, "key-1", now=now())
    assert (await attempt(plain.url("/refused/200"), secrets, allow=())).error == "scheme_refused"
    assert plain.of("/refused/200") == []


@pytest.mark.parametrize("behaviour", ["hang", "drip"])
async def test_an_answer_that_does_not_come_in_time_is_not_waited_for(
    plain: Receiver, secrets: Path, behaviour: str
) -> None:
    make_secret(secrets, "key-1", now=now())
    began = time.monotonic()
    assert (await attempt(plain.url(f"/late/{behaviour}"), secrets, seconds=1.5)).error == "timeout"
    assert time.monotonic() - began < 2 * 1.5


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("https://no-such-host.invalid/", "name_unknown"),
        ("http://127.0.0.1:1/", "connection_failed"),
    ],
)
async def test_what_can_not_be_reached_is_told_by_its_kind(secrets: Path, url: str, error: str) -> None:
    make_secret(secrets, "key-1", now=now())
    assert (await attempt(url, secrets)).error == error


async def test_a_connection_that_is_cut_is_told(plain: Receiver, secrets: Path) -> None:
    make_secret(secrets, "key-1", now=now())
    assert (await attempt(plain.url("/broken/cut"), secrets)).error in ("broken_answer", "connection_broken")


async def test_what_nobody_can_sign_now_is_not_sent(plain: Receiver, secrets: Path) -> None:
    assert (await attempt(plain.url("/unsigned/200"), secrets)).error == "no_secret"
    damage(secrets)
    assert (await attempt(plain.url("/unsigned/200"), secrets)).error == "no_secret"
    assert plain.of("/unsigned/200") == []


async def test_a_proxy_of_the_environment_is_not_asked(
    plain: Receiver, secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    make_secret(secrets, "key-1", now=now())
    assert (await attempt(plain.url("/direct/200"), secrets)).status == 200
