"""A document's bytes become text by the worker's own rule, whatever is declared."""

import pytest

from gateway.document_text import text_of
from gateway.problems import Problem

TEXT = "Our “business” — the café’s — may be harmed. €5 million."


@pytest.mark.parametrize("declared", [None, "utf-8", "iso-8859-1", "windows-1252", "shift_jis", "nonsense"])
def test_valid_utf8_is_utf8_whatever_is_declared(declared: str | None) -> None:
    assert text_of(TEXT.encode(), declared) == TEXT


@pytest.mark.parametrize("declared", [None, "windows-1252", "ISO-8859-1", "latin1", "us-ascii", "utf-8"])
def test_else_it_is_windows_1252_which_those_labels_mean_to_a_browser(declared: str | None) -> None:
    assert text_of(TEXT.encode("cp1252"), declared) == TEXT


def test_else_it_is_in_the_declared_charset() -> None:
    assert text_of("Žluťoučký kůň".encode("cp1250"), "windows-1250") == "Žluťoučký kůň"
    assert text_of(TEXT.encode("utf-16-le"), "utf-16le") == TEXT


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("declared", [None, "windows-1250"])
def test_a_byte_order_mark_goes_before_what_is_declared(encoding: str, declared: str | None) -> None:
    assert text_of(("\ufeff" + TEXT).encode(encoding), declared) == TEXT


def test_what_can_not_be_decoded_is_replaced() -> None:
    assert text_of(b"a\x81\xe9", None) == "a\ufffdé"


@pytest.mark.parametrize("charset", ["nonsense", "hex", "unicode_escape", "utf-7", "\x00", ""])
def test_a_charset_that_is_needed_and_unknown_is_refused(charset: str) -> None:
    with pytest.raises(Problem) as refused:
        text_of(b"\xe9", charset)
    assert (refused.value.status, refused.value.type) == (415, "unsupported_charset")
