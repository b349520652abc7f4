"""A web page that a browser or Word saved as one file (.mht, .mhtml, .eml): its HTML part, decoded."""

import binascii
import re

from streams.analysis.reading.errors import UnreadableDocument

_HEADER = 20_000
"""Bytes in which the archive says what it is."""

_LONGEST_PART_HEADER = 5_000

_ARCHIVE = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*+(?:[\w-]{1,60}:[^\n]{0,2000}\n(?:[ \t][^\n]{0,2000}\n){0,20}+){1,60}+", re.IGNORECASE
)
_MIME = re.compile(rb"^(?:mime-version:|content-type:\s{0,5}multipart/)", re.IGNORECASE | re.MULTILINE)
_HTML_PART = re.compile(rb"^content-type:\s{0,5}text/html", re.IGNORECASE | re.MULTILINE)
_ENCODING = re.compile(rb"^content-transfer-encoding:\s{0,5}([\w-]{1,30})", re.IGNORECASE | re.MULTILINE)
_EMPTY_LINE = re.compile(rb"\r?\n\r?\n")


def is_mhtml(data: bytes) -> bool:
    """Whether the bytes start with the header lines of a MIME message."""
    header = _ARCHIVE.match(data[:_HEADER])
    return header is not None and _MIME.search(header[0]) is not None


def html_part(data: bytes) -> bytes:
    """The first HTML part of the archive.

    Raises UnreadableDocument (`not_a_filing`).
    """
    found = _HTML_PART.search(data)
    if found is None:
        raise UnreadableDocument("not_a_filing", "This is a saved message or web archive without an HTML part.")
    # The encoding may stand before the type; a part's header starts after its boundary.
    start = max(data.rfind(b"\n--", 0, found.start()) + 1, 0)
    blank = _EMPTY_LINE.search(data, found.end(), found.end() + _LONGEST_PART_HEADER)
    if blank is None:
        raise UnreadableDocument("not_a_filing", "The HTML part of this web archive has no content.")
    boundary = data[start : start + 200].split(b"\n", 1)[0].rstrip() if data[start : start + 2] == b"--" else b""
    end = data.find(b"\n" + boundary, blank.end()) if boundary else -1
    body = data[blank.end() : end if end >= 0 else len(data)]
    encoding = _ENCODING.search(data[start : blank.start()])
    return _decoded(body, encoding[1].lower() if encoding else b"")


def _decoded(body: bytes, encoding: bytes) -> bytes:
    if encoding == b"quoted-printable":
        return binascii.a2b_qp(body)
    if encoding == b"base64":
        try:
            return binascii.a2b_base64(body)
        except binascii.Error as error:
            raise UnreadableDocument("not_a_filing", "The HTML part of this web archive is broken.") from error
    return body
