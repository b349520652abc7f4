"""When a key expires, as a person says it."""

from datetime import UTC, datetime, timedelta

import pytest

from ops.expiry import expiry
from tests.unit.examples import NOON


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("90d", NOON + timedelta(days=90)),
        ("12h", NOON + timedelta(hours=12)),
        ("30m", NOON + timedelta(minutes=30)),
        ("2027-01-31", datetime(2027, 1, 31, tzinfo=UTC)),
        ("2027-01-31T12:00:00+02:00", datetime(2027, 1, 31, 10, tzinfo=UTC)),
    ],
)
def test_a_time_from_now_or_a_date_is_meant(said: str, meant: datetime) -> None:
    assert expiry(said, NOON) == meant


@pytest.mark.parametrize("said", ["soon", "90", "-1d", "0d", "99999d999", "2027-02-30", "2026-02-03", "9999999d"])
def test_anything_else_and_what_is_over_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match=said):
        expiry(said, NOON)
