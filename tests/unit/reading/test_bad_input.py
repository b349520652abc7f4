"""Documents that are none, or are made to exhaust whoever reads them: a result or a typed error, soon."""

import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from streams.analysis.reading import UnreadableDocument, read_item_1a, segment
from tests.unit.reading.filings import BODY, HEADINGS, INTRODUCTION, SECOND, filing, paragraph

LIMIT = 10.0
"""Twice the promised 5 s, of one core: a busy or slow machine is no fault of the reader."""

MEMORY_LIMIT = 10**9
"""Bytes, with the document itself and Python."""

REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "empty_document"),
    "white space": (lambda: b" \r\n\t" * 1_000, "empty_document"),
    "zeros": (lambda: bytes(1_000), "empty_document"),
    "a picture": (lambda: b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256)) * 100, "not_a_filing"),
    "a PDF": (lambda: b"%PDF-1.7\n1 0 obj", "not_a_filing"),
    "a zip archive": (lambda: b"PK\x03\x04" + bytes(100), "not_a_filing"),
    "bytes": (lambda: bytes(range(256)) * 400, "not_a_filing"),
    "65 MiB": (lambda: b"a" * (65 * 2**20), "too_large"),
    "50 MB of one tag": (lambda: b"<p>" * (50_000_000 // 3), "too_many_elements"),
    "many paragraphs": (lambda: b"<p>x" * 300_000, "too_many_elements"),
    "many lines": (lambda: b"x\n" * 2_000_000, "too_many_elements"),
    "a table of many cells": (lambda: b"<table>" + b"<tr><td>Item 1A" * 200_000, "too_many_elements"),
    "a tag of many attributes": (
        lambda: b"<p " + b" ".join(b"a%d=1" % n for n in range(1_000_000)) + b">",
        "too_many_attributes",
    ),
    "attributes without values": (lambda: b"<p " + b"/a" * 1_000_000 + b">", "too_many_attributes"),
    "many tags of many attributes": (lambda: (b"<p" + b" a" * 150 + b">") * 80_000, "too_many_attributes"),
    "nested blocks": (lambda: b"<div>" * 100_000 + b"x", "too_deeply_nested"),
    "nested inline tags": (lambda: b"<b><i>" * 15_000 + b"x", "too_deeply_nested"),
    "nested tables": (lambda: b"<p>x</p>" + b"<table><tr><td>Item 1A " * 2_000, "too_deeply_nested"),
}


@pytest.mark.parametrize(("make", "kind"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_read_is_refused_with_its_reason(make: Callable[[], bytes], kind: str) -> None:
    document = make()
    start = time.process_time()
    with pytest.raises(UnreadableDocument) as refused:
        read_item_1a(document)
    assert refused.value.type == kind
    assert time.process_time() - start < LIMIT


EXHAUSTING: dict[str, Callable[[], bytes]] = {
    "every paragraph says Item 1A": lambda: b"<p>Item 1A. Risk Factors</p>" * 90_000,
    "every paragraph says Item 1A and more": lambda: b"<p>Item 1A. Risk Factors</p><p>%b</p>" % BODY.encode() * 20_000,
    "every paragraph is a bare number": lambda: b"<p>Item 1A</p>" * 90_000,
    "every paragraph says Item 3 of a 20-F": lambda: (
        b"<p>FORM 20-F</p>" + b"<p>Item 3. Key information</p><p>Risk factors</p>" * 45_000
    ),
    "an index and many sections": lambda: (
        b"<table><tr><td>Item 1A<td>Risk Factors<td>12</table>" + b"<p><b>Risk Factors</b></p><p>a b c</p>" * 45_000
    ),
    "one long paragraph": lambda: b"<p>Item 1A. Risk Factors</p><p>" + b"word " * 8_000_000,
    "many styles in a paragraph": lambda: b"<p>Item 1A. Risk Factors</p><p>" + b"<b>a</b> <i>b</i> " * 150_000,
    "many line breaks": lambda: b"<p>" + b"x<br>" * 400_000,
    "many headings": lambda: b"<p>Item 1A. Risk Factors</p>" + b"<p><b>We may fail to sell.</b></p><p>So.</p>" * 45_000,
    "an unclosed comment": lambda: b"<p>x<!--" + b"-" * 20_000_000,
    "many documents": lambda: b"<DOCUMENT><TYPE>EX-1<TEXT>x</TEXT></DOCUMENT>" * 100_000,
    "unclosed documents": lambda: b"<DOCUMENT><TYPE>EX-1<TEXT>" * 200_000,
    "dots": lambda: b"<p>Item 1A. Risk Factors" + b"." * 3_000_000,
    "blanks": lambda: b"<pre>" + b" " * 20_000_000,
    "a long title": lambda: b"<p>Item 1A. " + b"risk " * 1_000_000,
    "quotes": lambda: b'<p a="' + b"'" * 2_000_000 + b'">x</p>',
}


LARGEST = (
    "one long paragraph",
    "many styles in a paragraph",
    "many line breaks",
    "every paragraph is a bare number",
)
"""Those that take most memory."""


def seconds_for(document: bytes) -> float:
    """The processor time that the document takes."""
    start = time.process_time()
    segment(read_item_1a(document))
    return time.process_time() - start


@pytest.mark.parametrize("name", sorted(EXHAUSTING.keys() - set(LARGEST)))
def test_what_would_exhaust_a_careless_reader_is_read_in_time(name: str) -> None:
    assert seconds_for(EXHAUSTING[name]()) < LIMIT


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the peak")
def test_what_would_exhaust_a_careless_reader_most_is_read_in_time_and_in_a_gigabyte() -> None:
    """One document after the other in a process of their own, whose peak is theirs."""
    program = (
        "import re, pathlib\n"
        f"from {__name__} import EXHAUSTING, LARGEST, seconds_for\n"
        "for name in LARGEST: print(seconds_for(EXHAUSTING[name]()))\n"
        # Not getrusage: a process begins with the peak of the one that started it, which may have loaded models.
        "print(re.search(r'VmHWM:\\s+(\\d+) kB', pathlib.Path('/proc/self/status').read_text())[1])"
    )
    project = Path(__file__).parents[3]
    outcome = subprocess.run([sys.executable, "-c", program], cwd=project, capture_output=True, check=True)
    *seconds, peak = outcome.stdout.split()
    assert len(seconds) == len(LARGEST)
    assert max(map(float, seconds)) < LIMIT
    assert int(peak) * 1024 < MEMORY_LIMIT


def test_a_long_paragraph_is_collapsed_as_a_short_one_is() -> None:
    words = "We build  harbour\ncranes. " * 90_000
    assert read_item_1a(filing(paragraph(words))).text == " ".join(words.split())


def test_an_entity_bomb_is_not_expanded() -> None:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    document = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "lol">{entities}]><html><body><p>&a9;</p></body></html>'
    assert read_item_1a(document.encode()).status == "not_found"


def test_an_external_entity_is_not_read(tmp_path) -> None:  # noqa: ANN001
    secret = tmp_path / "secret"
    secret.write_text("Item 1A. Risk Factors")
    document = f'<!DOCTYPE x [<!ENTITY s SYSTEM "{secret.as_uri()}">]><html><body><p>&s;</p></body></html>'
    assert read_item_1a(document.encode()).status == "not_found"


def assert_read(document: bytes) -> None:
    item = read_item_1a(document)
    assert item.status == "found"
    assert item.text.startswith(INTRODUCTION)
    assert item.text.endswith(SECOND)
    assert [factor.heading for factor in segment(item)] == list(HEADINGS)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_the_encoding_is_recognised(encoding: str) -> None:
    assert_read(filing().decode().encode(encoding))


@pytest.mark.parametrize("declared", ["utf-8", "iso-8859-1", "us-ascii", "nonsense"])
@pytest.mark.parametrize("used", ["utf-8", "cp1252"])
def test_the_declared_encoding_may_be_wrong(declared: str, used: str) -> None:
    text = filing(paragraph(INTRODUCTION) + paragraph("The company\u2019s \u201ccranes\u201d \u2014 \u00a9")).decode()
    text = text.replace(
        "<html>", f'<html><head><meta http-equiv="Content-Type" content="text/html; charset={declared}"></head>'
    )
    assert "company\u2019s \u201ccranes\u201d \u2014 \u00a9" in read_item_1a(text.encode(used)).text


def test_references_to_control_characters_are_read_as_windows_does() -> None:
    text = read_item_1a(
        filing(paragraph(INTRODUCTION) + "<p>The company&#146;s &#147;cranes&#148; &#150; all</p>")
    ).text
    assert "company\u2019s \u201ccranes\u201d \u2013 all" in text


def test_zeros_and_control_characters_are_dropped() -> None:
    assert_read(filing().replace(b"Risk Factors", b"Ri\x00sk\x01 Fac\x7ftors"))


def test_unclosed_tags_do_no_harm() -> None:
    document = filing()
    for tag in (b"</p>", b"</td>", b"</tr>", b"</body>", b"</html>"):
        document = document.replace(tag, b"")
    assert_read(document)


def test_a_truncated_filing_is_read_as_far_as_it_goes() -> None:
    document = filing()
    cut = document[: document.index(HEADINGS[4].encode())]
    item = read_item_1a(cut)
    assert item.status == "found"
    assert [factor.heading for factor in segment(item)] == list(HEADINGS[:4])


def test_the_error_survives_its_way_out_of_a_pool_process() -> None:
    with pytest.raises(UnreadableDocument) as refused:
        read_item_1a(b"")
    copy = pickle.loads(pickle.dumps(refused.value))
    assert (copy.type, str(copy)) == (refused.value.type, str(refused.value))


def test_the_result_survives_its_way_out_of_a_pool_process() -> None:
    item = read_item_1a(filing())
    assert pickle.loads(pickle.dumps(item)) == item
