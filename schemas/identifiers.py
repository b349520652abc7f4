"""Task ids: UUIDv7, so that an id tells its own age."""

import hashlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

import uuid_utils.compat

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNIX_MILLISECONDS_SHIFT = 80
"""RFC 9562, section 5.7: the first 48 of the 128 bits are the Unix time in milliseconds."""
_FREE_BITS = (0xFFF << 64) | ((1 << 62) - 1)
"""Those of the other 80 that hold neither version nor variant."""


def new_task_id(moment: datetime | None = None) -> str:
    """A new id that tells this moment (UTC), or now; those of one millisecond sort in any order."""
    # Never without a moment: uuid7 by itself does not go back with the clock. Were that set back by an hour, all ids
    # of that hour would tell the same time, which is still to come.
    since = (moment or datetime.now(UTC)) - _EPOCH
    return str(uuid_utils.compat.uuid7(nanoseconds=since // timedelta(microseconds=1) * 1000))


def derived_task_id(moment: datetime, *parts: object) -> str:
    """The id of a task that is made from something that stands somewhere: the same for the same moment and parts.

    RFC 9562, section 5.7, allows the 74 bits behind the time to be anything; here they are a hash of the parts.
    """
    time = int(moment.timestamp() * 1000) << _UNIX_MILLISECONDS_SHIFT
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    noise = int.from_bytes(digest[:10])
    return str(UUID(int=time | (0x7 << 76) | (noise & _FREE_BITS) | (0b10 << 62)))


def task_created_at(task_id: str) -> datetime | None:
    """When the id was made (UTC), or None where it is no UUIDv7 in its canonical form."""
    try:
        parsed = UUID(task_id)
        if parsed.version != 7 or str(parsed) != task_id:
            return None
        return datetime.fromtimestamp((parsed.int >> _UNIX_MILLISECONDS_SHIFT) / 1000, tz=UTC)
    except (ValueError, OverflowError, OSError):
        return None
