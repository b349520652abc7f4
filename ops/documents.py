"""Filing documents given on the command line: a file, gzip or not, or standard input."""

import gzip
import io
import sys
import zlib
from pathlib import Path

from ops.failures import CommandFailed

STANDARD_INPUT = "-"
_LIMIT = 256 * 1024 * 1024
"""Of the unpacked document; a small gzip file may unpack to more than the memory."""


def read_document(file: str) -> bytes:
    """The document's bytes, unpacked.

    Raises:
        CommandFailed: where it can't be read.
    """
    try:
        raw = sys.stdin.buffer.read() if file == STANDARD_INPUT else Path(file).read_bytes()
        return _unpacked(raw) if raw.startswith(b"\x1f\x8b") else raw
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CommandFailed(f"{file} can't be read: {reason}") from error


def _unpacked(raw: bytes) -> bytes:

    with gzip.open(io.BytesIO(raw)) as stream:
        document = stream.read(_LIMIT + 1)
    if len(document) > _LIMIT:
        raise OSError(f"it unpacks to more than {_LIMIT} bytes")
    return document
