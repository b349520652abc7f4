"""From the bytes of a filing to one main document: the SGML wrapper taken off, in UTF-8, known as HTML or text.

All limits are checked here, before a parser sees the document. Everything works on bytes: decoding and
encoding again would cost as much as a third of the parsing.
"""

import re
from dataclasses import dataclass

from streams.analysis.reading.errors import UnreadableDocument
from streams.analysis.reading.markdown import is_markdown, to_html
from streams.analysis.reading.mhtml import html_part, is_mhtml

MAX_BYTES = 64 * 2**20
"""The gateway takes up to 50 MiB."""

MAX_TAGS = 1_200_000
"""Opening and closing tags together. A filing of 4 MB has 90,000; this many are parsed in some 2 s."""

_SHORTEST_TAG = 3

MAX_LINES = 600_000
"""Of plain text. A filing of 400 KB has 8,000."""

MAX_ATTRIBUTES = 200
"""Of one tag. The time libxml2 takes grows with the square of their number."""

MAX_ATTRIBUTES_IN_ALL = 3_000_000
"""Each takes libxml2 some 200 bytes."""

_LARGE = 8_000_000
"""Bytes; a smaller document cannot have attributes enough to fill the memory."""

_MAGIC = (
    b"\xff\xd8\xff",
    b"\x89PNG",
    b"GIF8",
    b"%PDF",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"\x7fELF",
    b"\xd0\xcf\x11\xe0",
    b"MZ\x90",
)
"""Pictures, PDF, zip and gzip, programs, old Word: what is submitted by mistake in place of a filing."""

_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_UTF_16 = ((0, "utf-16-be"), (1, "utf-16-le"))
"""In which of two bytes the zeros of plain letters stand."""

_SAMPLE = 100_000
_ZEROS = 0.4
_CONTROLS_IN_TEXT = 0.05
"""Shares of the sample's bytes from which it is taken for UTF-16, and for binary data."""

_CONTROL = bytes([*range(9), 0x0B, *range(0x0E, 0x20), 0x7F])
_SGML_HEADER = 200_000
"""Bytes in which a submission's first document starts."""

_SGML_WRAPPER = re.compile(rb"<DOCUMENT>", re.IGNORECASE)
_SGML_DOCUMENT = re.compile(rb"<DOCUMENT>(.*?)(?:</DOCUMENT>|(?=<DOCUMENT>)|\Z)", re.DOTALL | re.IGNORECASE)
_SGML_TYPE = re.compile(rb"<TYPE>\s{0,20}([^\s<][^\r\n<]{0,19})", re.IGNORECASE)
_SGML_TEXT = re.compile(rb"<TEXT>(.*?)(?:</TEXT>|\Z)", re.DOTALL | re.IGNORECASE)
_REPORT = re.compile(r"10-?K|10-?Q|20-?F", re.IGNORECASE)
_RISK_FACTORS = re.compile(rb"risk\s{1,3}factors", re.IGNORECASE)
_HTML = re.compile(rb"<(?:html|body|p|div|font|span|pre|br|td|b|i|u|h[1-6])(?:\s[^<>]*)?/?>", re.IGNORECASE)
"""Not `<table>` nor `<page>`: plain text of the 1990s has those."""

_SEPARATORS = b" \t\n\r\f/=\"'"
_IN_TAG = b"<>" + _SEPARATORS
_OUT_OF_TAG = bytes(byte for byte in range(256) if byte not in _IN_TAG)
_CROWDED = re.compile(rb"<[^<>]{%d,}" % (2 * MAX_ATTRIBUTES))
_LONG_TAG = re.compile(rb"<[^<>]{%d,}" % (2 * MAX_ATTRIBUTES))
_TAG = re.compile(rb"<[^<>]*")
_QUOTED = re.compile(rb"\"[^\"]*\"|'[^']*'")
_ATTRIBUTE = re.compile(rb"[\s/\"'](?=[^\s/\"'=])")


@dataclass(frozen=True, slots=True)
class Document:
    """One main document in UTF-8. `form` is what the wrapper said of it, empty where there was none."""

    data: bytes
    is_html: bool
    form: str


def open_document(data: bytes) -> Document:
    """Take the main document out of a filing's bytes.

    Raises UnreadableDocument (`empty_document`, `too_large`, `not_a_filing`, `too_many_elements`,
    `too_many_attributes`).
    """
    if len(data) > MAX_BYTES:
        raise UnreadableDocument("too_large", f"The document has more than {MAX_BYTES // 2**20} MiB.")
    if data.startswith(_MAGIC):
        raise UnreadableDocument("not_a_filing", "This is a picture, an archive or a program, not HTML or text.")
    if is_mhtml(data):
        data = html_part(data)
    data = _to_utf8(data)
    if not data or data.isspace():
        raise UnreadableDocument("empty_document", "The document is empty.")
    form, data = _main_document(data)
    if is_markdown(data):
        data = to_html(data)
    is_html = _HTML.search(data) is not None
    if is_html:
        _check_tags(data)
    elif data.count(b"\n") > MAX_LINES:
        raise UnreadableDocument("too_many_elements", f"The document has more than {MAX_LINES} lines.")
    return Document(data, is_html, form)


def _to_utf8(data: bytes) -> bytes:
    """The text in UTF-8 without control characters.

    It is read as UTF-8 if it is valid as that, whatever is declared, and else as Windows-1252, as browsers do: filing
    agents declare ISO-8859-1 or ASCII and write either, and a long text that happens to be valid UTF-8 is nothing else.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _encoded(data[len(mark) :].decode(encoding, "replace"))
    sample = data[:_SAMPLE]
    for start, encoding in _UTF_16:
        if sample[start::2].count(0) > _ZEROS * len(sample):
            return _encoded(data.decode(encoding, "replace"))
    if len(sample) - len(sample.translate(None, _CONTROL)) > _CONTROLS_IN_TEXT * len(sample):
        raise UnreadableDocument("not_a_filing", "This is binary data, not HTML or text.")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return _encoded(data.decode("cp1252", "replace"))
    return data.translate(None, _CONTROL)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace").translate(None, _CONTROL)


def _main_document(data: bytes) -> tuple[str, bytes]:
    """The form and text of a full submission's annual or quarterly report, or of the first document in it.

    Of several reports, the one that speaks most of risk factors: the first may be a cover only.
    """
    if not _SGML_WRAPPER.search(data, 0, _SGML_HEADER):
        return "", data
    reports: list[tuple[str, bytes]] = []
    first: tuple[str, bytes] | None = None
    for match in _SGML_DOCUMENT.finditer(data):
        kind = _SGML_TYPE.search(match[1])
        body = _SGML_TEXT.search(match[1])
        form = kind[1].decode("ascii", "replace").strip().upper() if kind else ""
        content = body[1] if body else match[1]
        if _REPORT.match(form):
            reports.append((form, content))
        first = first or (form, content)
    if len(reports) > 1:
        return max(reports, key=lambda report: (len(_RISK_FACTORS.findall(report[1])), len(report[1])))
    return reports[0] if reports else first or ("", data)


def _check_tags(data: bytes) -> None:
    if len(data) > _SHORTEST_TAG * MAX_TAGS and data.count(b"<") > MAX_TAGS:
        raise UnreadableDocument("too_many_elements", f"The document has more than {MAX_TAGS} tags.")
    # Only tags whose separators are many can have many attributes; most documents have none and are done here.
    if _CROWDED.search(data.translate(None, _OUT_OF_TAG)):
        for tag in _LONG_TAG.finditer(data):
            if _attributes(tag[0]) > MAX_ATTRIBUTES:
                raise UnreadableDocument(
                    "too_many_attributes", f"A tag of the document has more than {MAX_ATTRIBUTES} attributes."
                )
    if len(data) > _LARGE and sum(map(_attributes, _TAG.findall(data))) > MAX_ATTRIBUTES_IN_ALL:
        raise UnreadableDocument(
            "too_many_attributes", f"The document has more than {MAX_ATTRIBUTES_IN_ALL} attributes."
        )


def _attributes(tag: bytes) -> int:
    """How many attributes a tag has; what is written inside quotes does not count."""
    return len(_ATTRIBUTE.findall(_QUOTED.sub(b'""', tag)))
