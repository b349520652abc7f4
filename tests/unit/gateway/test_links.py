"""Links name the public address, or a trusted host, and never another that a request named."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from starlette.requests import Request

from gateway.links import link
from gateway.settings import GatewaySettings


def _link(host: str, **settings: object) -> str:
    made = GatewaySettings.model_validate({"api_keys_file": Path("keys.json"), **settings})
    app = SimpleNamespace(state=SimpleNamespace(settings=made))
    headers = [(b"host", host.encode()), (b"x-forwarded-host", b"evil.example"), (b"x-forwarded-proto", b"https")]
    scope = {"type": "http", "scheme": "http", "path": "/analyze", "query_string": b"", "headers": headers, "app": app}
    return link(Request(scope), "tasks/1")


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "LOCALHOST:1", "[::1]:8080"])
def test_a_trusted_host_is_repeated(host: str) -> None:
    assert _link(host) == f"http://{host}/tasks/1"


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "localhost@evil.example", "localhost:80/x", "localhost#", "", "[::1",
     "localhost:8080:1", "localhost\\evil"],
)  # fmt: skip
def test_any_other_host_is_in_no_link(host: str) -> None:
    assert _link(host) == "/tasks/1"


@pytest.mark.parametrize("url", ["https://api.example.com/sigmak", "https://api.example.com/sigmak/"])
def test_the_public_address_goes_before_every_host(url: str) -> None:
    assert _link("localhost", public_url=url) == "https://api.example.com/sigmak/tasks/1"
