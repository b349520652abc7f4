"""Which URLs an end may be told to, before anybody looks where they lead."""

import pytest
from pydantic import ValidationError

from schemas.callbacks import Callback
from tests.unit.examples import a_filing


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://example.com", ("https", "example.com", 443, "/")),
        ("https://Example.COM/Hook?a=b&c", ("https", "example.com", 443, "/Hook?a=b&c")),
        ("http://receiver:8080/", ("http", "receiver", 8080, "/")),
        ("http://a_b.example/", ("http", "a_b.example", 80, "/")),
        ("https://192.0.2.1:8443/x", ("https", "192.0.2.1", 8443, "/x")),
        ("https://[2001:DB8::0:1]:8443/x", ("https", "2001:db8::1", 8443, "/x")),
        ("https://example.com/%C3%A9", ("https", "example.com", 443, "/%C3%A9")),
    ],
)
def test_a_url_is_taken_in_its_parts(url: str, parts: tuple[str, str, int, str]) -> None:
    callback = Callback.of(url)
    assert (callback.scheme, callback.host, callback.port, callback.target) == parts
    assert a_filing(callback_url=url).callback_url == url


@pytest.mark.parametrize(
    "url",
    [
        "", "example.com", "//example.com/", "ftp://example.com/", "file:///etc/passwd", "https:/example.com",
        "https://", "https:///path", "https://:443/", "https://user@example.com/", "https://user:pass@example.com/",
        "https://@example.com/", "https://example.com:0/", "https://example.com:65536/", "https://example.com:http/",
        "https://exa mple.com/", "https://example.com/\r\nX: y", "https://example.com\\@evil/", "https://exämple.com/",
        "https://example..com/", "https://.example.com/", "https://example.com./", "https://[::1", "https://[fe80::1%25eth0]/",
        "https://[::1]x/", "https://example.com/#part", "https://" + "a" * 64 + ".com/",
        "https://example.com/" + "x" * 2048,
    ],
)  # fmt: skip
def test_what_is_no_such_url_is_refused_by_the_fields_name(url: str) -> None:
    with pytest.raises(ValidationError) as refused:
        a_filing(callback_url=url)
    assert {error["loc"] for error in refused.value.errors()} == {("callback_url",)}


def test_a_receiver_is_told_without_path_and_query_which_may_hold_its_secret() -> None:
    assert Callback.of("https://example.com/token?key=secret").receiver == "https://example.com:443"
    assert Callback.of("http://[::1]:80/").receiver == "http://[::1]:80"
