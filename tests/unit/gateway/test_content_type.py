"""A Content-Type is read in time that grows with its length, and never fails but as what it is."""

import contextlib
import time

import pytest

from gateway.content_type import ContentType, NoContentType


@pytest.mark.parametrize(
    ("header", "media_type", "charset"),
    [
        ("text/html", "text/html", None),
        ("Text/HTML ; Charset=UTF-8", "text/html", "UTF-8"),
        ('text/html; a="x;charset=b"; charset="windows-1250"', "text/html", "windows-1250"),
        ('text/html;charset="a\\"b"', "text/html", 'a"b'),
        ("text/html;;; charset=a;", "text/html", "a"),
        ("text/html; charset=a; charset=b", "text/html", "a"),
        ("text/html; charset*0*=%00''x", "text/html", None),
        ("text/html; charset*=utf-8''%00", "text/html", None),
        ("", "", None),
    ],
)
def test_media_type_and_charset_are_read(header: str, media_type: str, charset: str | None) -> None:
    assert ContentType.of(header) == ContentType(media_type, charset)


@pytest.mark.parametrize(
    "header",
    ['text/html;"' + ";" * 400, "text/html; charset=", "text/html; charset", 'text/html; charset="a', "text/html; \xe9=a",
     "text/html;charset=\xe9", "text/html; =a", "a" * 513, 'text/html;' + 'a="' * 130],
)  # fmt: skip
def test_what_can_not_be_read_is_refused(header: str) -> None:
    with pytest.raises(NoContentType):
        ContentType.of(header)


@pytest.mark.parametrize("unit", [";", '";', 'a="', "\\", "=", " ", "a=a;", 'a="\\"', "\t;"])
def test_a_header_of_any_kind_and_length_is_read_in_a_moment(unit: str) -> None:
    began = time.process_time()
    for size in (500, 100_000):
        with contextlib.suppress(NoContentType):
            ContentType.of("text/html;" + unit * (size // len(unit)))
    assert time.process_time() - began < 0.05
