"""A document's bytes as text: what its bytes say goes before what is declared of them.

A decoder holds Python's lock, in whatever thread, and calls an error handler for each byte that it can't decode: 20 MB
of byte 0x81 held a gateway for 2 s as Windows-1252. So charsets of one byte are decoded by a table that has U+FFFD in
the places of such bytes (0.6 ms/MiB whatever the bytes are), all others piece by piece and to a number of faults.
"""

import codecs
import functools
from collections.abc import Iterator
from http import HTTPStatus

import webencodings

from gateway.problems import Problem

_OF_ONE_BYTE = (
    "ibm866", "iso-8859-2", "iso-8859-3", "iso-8859-4", "iso-8859-5", "iso-8859-6", "iso-8859-7", "iso-8859-8",
    "iso-8859-8-i", "iso-8859-10", "iso-8859-13", "iso-8859-14", "iso-8859-15", "iso-8859-16", "koi8-r", "koi8-u",
    "macintosh", "windows-874", "windows-1250", "windows-1251", "windows-1252", "windows-1253", "windows-1254",
    "windows-1255", "windows-1256", "windows-1257", "windows-1258", "x-mac-cyrillic",
)  # fmt: skip
_OF_SEVERAL_BYTES = (
    "utf-8", "utf-16le", "utf-16be", "big5", "euc-jp", "euc-kr", "gb18030", "gbk", "iso-2022-jp", "shift_jis",
)  # fmt: skip
"""Those that decode 1 MiB of any bytes in 14 ms (big5), or in 56 ms (UTF-16) if all of it is at fault."""
ACCEPTED_CHARSETS = (*_OF_SEVERAL_BYTES, *_OF_ONE_BYTE)
_WINDOWS_1252 = "windows-1252"
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_LONG = 4 * 1024 * 1024
"""Bytes of a document whose UTF-8 is decoded at once, in 10 ms."""
_PIECE = 512 * 1024
"""Bytes that are decoded at once of all others."""
_MOST_FAULTS = 50_000
"""Of a charset of several bytes, each of which costs 0.1 us: a document that has more is in another charset."""
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16le"), (codecs.BOM_UTF16_BE, "utf-16be"))


def text_of(document: bytes, charset: str | None) -> str:
    """The text, by the rule that the worker reads files by, with a declared charset where that rule has to guess.

    It is UTF-8 where it is valid as that: filing agents declare ISO-8859-1 and write UTF-8, and a long text that
    happens to be valid UTF-8 is nothing else. Else a byte order mark tells, then the charset, whose labels mean what
    they mean to browsers (`ISO-8859-1` is Windows-1252), then it is Windows-1252. What can't be decoded becomes U+FFFD.
    A large document belongs in a thread.

    Raises:
        Problem: 415 if the charset is needed and not accepted, or the document is in another.
    """
    try:
        return document.decode() if len(document) <= _LONG else "".join(_pieces(document, "utf-8", "strict"))
    except UnicodeDecodeError:
        pass
    name = _charset(charset)
    for mark, marked in _MARKS:
        if document.startswith(mark):
            name, document = marked, document[len(mark) :]
            break
    if name in _OF_ONE_BYTE:
        return "".join(_by_table(document, _table(name)))
    return "".join(_with_few_faults(_pieces(document, _codec(name), "replace")))


def is_over(text: str, limit: int) -> bool:
    """Whether a text has more than `limit` bytes in UTF-8. For a long one it belongs in a thread."""
    # A character has four bytes at most: only a large document has to be encoded to be measured.
    if text.isascii() or 4 * len(text) <= limit or len(text) > limit:
        return len(text) > limit
    return sum(len(text[begin : begin + _PIECE].encode()) for begin in range(0, len(text), _PIECE)) > limit


def _charset(declared: str | None) -> str:
    """The name of the charset that a declared label means, where the document is not UTF-8."""
    found = _WINDOWS_1252 if declared is None else getattr(webencodings.lookup(declared), "name", "")
    if found not in ACCEPTED_CHARSETS:
        accepted = ", ".join(ACCEPTED_CHARSETS)
        raise _unsupported(
            f"The charset of the Content-Type is not accepted. Send the document as UTF-8, or in one of {accepted}."
        )
    return _WINDOWS_1252 if found == "utf-8" else found


def _codec(name: str) -> str:
    return str(webencodings.lookup(name).codec_info.name)


@functools.cache
def _table(name: str) -> str:
    """What each byte means."""
    return bytes(range(256)).decode(_codec(name), "replace")


def _by_table(document: bytes, table: str) -> Iterator[str]:
    for begin in range(0, len(document), _PIECE):
        yield codecs.charmap_decode(document[begin : begin + _PIECE], "strict", table)[0]


def _pieces(document: bytes, codec: str, errors: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(codec)(errors)
    for begin in range(0, len(document), _PIECE):
        yield decoder.decode(document[begin : begin + _PIECE])
    yield decoder.decode(b"", final=True)


def _with_few_faults(pieces: Iterator[str]) -> Iterator[str]:
    faults = 0
    for piece in pieces:
        faults += piece.count(_REPLACEMENT)
        if faults > _MOST_FAULTS:
            raise _unsupported("The document is not in the charset that is declared. Send it as UTF-8.")
        yield piece


def _unsupported(detail: str) -> Problem:
    return Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_charset", detail)
