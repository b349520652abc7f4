"""Where a listing goes on: a task's place in the lists, as text that means nothing to its reader."""

import base64
import binascii
import hashlib

_SUM_BYTES = 6


class NoSuchCursor(ValueError):
    """A text that no listing gave out."""


def cursor_at(position: bytes) -> str:
    """The cursor of a position."""
    return base64.urlsafe_b64encode(_sum(position) + position).decode().rstrip("=")


def position_at(cursor: str) -> bytes:
    """The inverse of `cursor_at`.

    Raises:
        NoSuchCursor: where it is the cursor of no position.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoSuchCursor("no cursor of a listing") from error
    position = raw[_SUM_BYTES:]
    if raw[:_SUM_BYTES] != _sum(position):
        raise NoSuchCursor("no cursor of a listing")
    return position


def _sum(position: bytes) -> bytes:
    """Tells what was cut or made up; it keeps no secret, since a position shows a reader only what is its own."""
    return hashlib.blake2b(position, digest_size=_SUM_BYTES).digest()
