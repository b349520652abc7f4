"""Task ids: UUIDv7, so that an id tells its own age."""

from datetime import UTC, datetime
from uuid import UUID

import uuid_utils.compat

_UNIX_MILLISECONDS_SHIFT = 80
"""RFC 9562, section 5.7: the first 48 of the 128 bits are the Unix time in milliseconds."""


def new_task_id() -> str:
    """A new id; ids made later on one machine sort later."""
    return str(uuid_utils.compat.uuid7())


def task_created_at(task_id: str) -> datetime | None:
    """When the id was made (UTC), or None where it is no UUIDv7 in its canonical form."""
    try:
        parsed = UUID(task_id)
        if parsed.version != 7 or str(parsed) != task_id:
            return None
        return datetime.fromtimestamp((parsed.int >> _UNIX_MILLISECONDS_SHIFT) / 1000, tz=UTC)
    except (ValueError, OverflowError, OSError):
        return None
