"""The time of reading grows no faster than the document, whatever is repeated in it."""

import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from streams.analysis.reading import UnreadableDocument, read_item_1a, segment
from tests.unit.reading.filings import filing, plain

SMALL = 10_000
"""Characters; read in some 5 ms."""

GROWTH = 4
ALLOWED = 3 * GROWTH
"""Times the small document's time: a quadratic pattern takes 16."""

FLOOR = 0.01
"""Seconds, below which the machine's other work outweighs the reading."""


def in_markdown(text: str) -> bytes:
    return f"# FORM 10-K\n\n## Item 1A. Risk Factors\n\n{text}\n\n## Item 1B. Unresolved Staff Comments\n".encode()


def in_an_archive(text: str) -> bytes:
    return f"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=B\n\n--B\n{text}".encode()


def in_plain_text(text: str) -> bytes:
    return plain(f"ITEM 1A.  RISK FACTORS\n\n{text}")


def in_html(text: str) -> bytes:
    return filing(f"<p>{text}</p><p><b>We may fail.</b></p><p>{text}</p>")


def in_a_line(text: str) -> bytes:
    return plain(f"ITEM 1A.  RISK FACTORS\n\n{text}x\n\nWe may fail.")


def in_a_style(text: str) -> bytes:
    return filing(f'<p style="{text}">We may fail.</p>')


def in_a_style_sheet(text: str) -> bytes:
    return filing(f"<style>{text}</style><p><b>We may fail.</b></p>")


def in_classes(text: str) -> bytes:
    return filing(f'<style>.a{{color:red;font-weight:bold}}</style><p class="{text}">We may fail.</p>')


KINDS: dict[Callable[[str], bytes], tuple[str, ...]] = {
    in_markdown: ("**", "**a", "*a* ", "__", "_a_ ", "# ", "[a](b)", "[[", "<!-- ", "| a ", "- **a** b\n", "a\n--\n"),
    in_an_archive: ("a: b\n", "a:\n\tb\n", "Content-Type: text/html\n", "=\n", "--B\n"),
    in_plain_text: (
        "Item\n", "Items 1, ", "Items 1 and 1A. ", ". ", "o  A. b\n", "A: b\n\n", "A - B\n\n", "We may fail.\n\n", "K - 7\n\n",
        "Abc Def Ghi. Jkl\n\n", "RISKS\nWE MAY FAIL\n\n", "Item 1A. Risk Factors, (continued)\n", "(1) We may.\n\n", "U.S. ",
    ),
    in_a_line: ("-", "=", "- ", "-=", "~ ", "<!--", "<!-- a -->", "--x", "\t", "\u2014", "\f"),
    in_a_style: ("font:", "font", "font-size:", "9", "text-decoration:", "a:b;", "font-weight:bold;", "font: 1", "mso-"),
    in_a_style_sheet: ("a,", ".a,", ".a{color:red}", "{", "}", ".a{", "a}", "@media{.a{b:c}}", "</style><style>.a{}", "/*"),
    in_classes: ("a ", "a", " "),
    in_html: ("risk factors ", "consider ", "Item 1A ", "0000999000 ", "tlc:A", "A \u2014 B ", "(continued", "before investing "),
}  # fmt: skip


def seconds(document: bytes) -> float:
    """Of processor time that reading the document takes, the best of two."""
    times = []
    for _ in range(2):
        began = time.process_time()
        with suppress(UnreadableDocument):
            segment(read_item_1a(document))
        times.append(time.process_time() - began)
    return min(times)


@pytest.mark.parametrize(
    ("place", "repeated"), [(place, repeated) for place, every in KINDS.items() for repeated in every]
)
def test_four_times_the_text_takes_no_more_than_twelve_times_as_long(
    place: Callable[[str], bytes], repeated: str
) -> None:
    count = SMALL // len(repeated)
    small = seconds(place(repeated * count + "x"))
    assert seconds(place(repeated * (GROWTH * count) + "x")) < ALLOWED * max(small, FLOOR)
