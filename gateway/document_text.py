"""A document's bytes as text: what its bytes say goes before what is declared of them."""

from http import HTTPStatus

import webencodings

from gateway.problems import Problem

_WINDOWS_1252 = webencodings.lookup("windows-1252")


def text_of(document: bytes, charset: str | None) -> str:
    """The text, by the rule that the worker reads files by, with a declared charset where that rule has to guess.

    It is UTF-8 where it is valid as that: filing agents declare ISO-8859-1 and write UTF-8, and a long text that
    happens to be valid UTF-8 is nothing else. Else a byte order mark tells, then the charset, whose labels mean what
    they mean to browsers (`ISO-8859-1` is Windows-1252), then it is Windows-1252. What can't be decoded becomes U+FFFD.

    Raises:
        Problem: 415 where the charset is needed and not known.
    """
    try:
        return document.decode()
    except UnicodeDecodeError:
        pass
    declared = _WINDOWS_1252 if charset is None else webencodings.lookup(charset)
    if declared is None:
        detail = "The charset of the Content-Type is not known. Send the document as UTF-8."
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_charset", detail)
    text, _ = webencodings.decode(document, _WINDOWS_1252 if declared is webencodings.UTF8 else declared)
    return str(text)
