"""When a key expires, as a person says it."""

import re
from datetime import UTC, datetime, timedelta

_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}


def expiry(said: str, now: datetime) -> datetime:
    """The moment that is meant by `90d`, `12h`, `30m`, or a date, which begins at 0:00 UTC; in UTC.

    Raises:
        ValueError: where it is none of these, or is over already.
    """
    after = re.fullmatch(r"(\d{1,5})([dhm])", said)
    try:
        moment = now + int(after[1]) * _UNITS[after[2]] if after else datetime.fromisoformat(said)
    except ValueError as error:
        raise ValueError(f"{said} is neither a time from now (90d, 12h, 30m) nor a date (2027-01-31)") from error
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    if moment <= now:
        raise ValueError(f"{said} is over already")
    return moment
