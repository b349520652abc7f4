"""A document's bytes become text by the worker's own rule, whatever is declared."""

import contextlib
import time

import pytest
import webencodings

from gateway import document_text
from gateway.document_text import ACCEPTED_CHARSETS, is_over, text_of
from gateway.problems import Problem
from tests.held_lock import holds_it_for

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


@pytest.mark.parametrize(
    "charset",
    [
        "nonsense",
        "hz-gb-2312",
        "iso-2022-kr",
        "replacement",
        "x-user-defined",
        "idna",
        "punycode",
        "hex",
        "unicode_escape",
        "utf-7",
        "\x00",
        "",
    ],
)
def test_a_charset_that_is_needed_and_unknown_is_refused(charset: str) -> None:
    with pytest.raises(Problem) as refused:
        text_of(b"\xe9", charset)
    assert (refused.value.status, refused.value.type) == (415, "unsupported_charset")
    assert "windows-1252" in refused.value.detail


HOSTILE = [
    b"\x81",
    b"\xff",
    b"a\x81",
    b"\x81\xff",
    b"\x00\xdc",
    b"\x00\xd8",
    b"\x1b$B",
    b"~{",
    b"\x8e\xa1",
    b"\x81\x30",
    b"\xe9\x80",
]


@pytest.mark.parametrize("charset", ACCEPTED_CHARSETS)
def test_each_accepted_charset_is_decoded_fast_whatever_the_bytes_are(charset: str) -> None:
    # Ours take 18 ms/MiB at most (big5); those that were slow took 100.
    assert max(_seconds(pattern * (2**20 // len(pattern)) + b"\xff", charset) for pattern in HOSTILE) < 0.06


def _seconds(document: bytes, charset: str) -> float:
    """The processor time to decode it: the best of three, since a collection of garbage falls into one."""
    seconds = []
    for _ in range(3):
        began = time.thread_time()
        with contextlib.suppress(Problem):
            text_of(document, charset)
        seconds.append(time.thread_time() - began)
    return min(seconds)


@pytest.mark.parametrize("charset", ACCEPTED_CHARSETS)
def test_each_byte_means_what_it_meant(charset: str) -> None:
    document = b"\xff" + b"".join(bytes([first, second]) for first in range(256) for second in (0x41, 0xA1, first))
    document = document.removeprefix(b"\xff\x00")
    expected = webencodings.decode(document, webencodings.lookup(charset if charset != "utf-8" else "windows-1252"))[0]
    assert text_of(document, charset) == expected


def test_a_text_is_the_same_wherever_a_piece_of_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_text, "_LONG", 0)
    for piece in (1, 2, 3, 7):
        monkeypatch.setattr(document_text, "_PIECE", piece)
        assert text_of(TEXT.encode(), None) == TEXT
        assert text_of(("\ufeff" + TEXT).encode("utf-16-le"), None) == TEXT
        assert text_of("日本語\xe9".encode("gb18030"), "gb18030") == "日本語\xe9"
        assert is_over(TEXT, len(TEXT.encode()) - 1)
        assert not is_over(TEXT, len(TEXT.encode()))


def test_a_document_of_faults_is_in_another_charset() -> None:
    with pytest.raises(Problem) as refused:
        text_of(b"\x00\xdc" * 300_000, "utf-16le")
    assert (refused.value.status, refused.value.type) == (415, "unsupported_charset")


@pytest.mark.parametrize("charset", ["utf-8", "utf-16le", "windows-1252", "big5", "gb18030", "iso-2022-jp"])
@pytest.mark.parametrize("pattern", [b"\x81", b"\x00\xdc", "a“".encode()])
def test_others_get_pythons_lock_while_50_mib_are_decoded(pattern: bytes, charset: str) -> None:
    document = pattern * (50 * 2**20 // len(pattern)) + b"\xff"

    def decode() -> None:
        with contextlib.suppress(Problem):
            is_over(text_of(document, charset), 50 * 2**20)

    assert not holds_it_for(0.1, decode)
