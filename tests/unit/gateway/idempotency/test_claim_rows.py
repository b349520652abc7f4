"""The topic of claims as rows on disk."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway.idempotency.claim_rows import ClaimRecord, ClaimRows, ClaimTable
from gateway.idempotency.claims import Claim
from gateway.materialised.database import Database
from gateway.materialised.records import Record, UnreadableRecord
from schemas.claims import ClaimState, SubmissionClaim
from schemas.events import submission_claim
from schemas.topics import CLAIM_LIFE
from tests.unit.examples import NOON, TASK_ID

HASH = "a" * 64
CLAIMED, ACCEPTED, RELEASED = ClaimState
AT_ONCE = [True, False]


class OwnClaims(ClaimTable):
    """Rows in a folder that are given their records by hand, and so are always up to date."""

    def __init__(self, folder: Path) -> None:
        self.database, self.rows = Database(folder), ClaimRows("claims")
        super().__init__(self.database, lambda: asyncio.sleep(0))

    def apply(self, records: Sequence[ClaimRecord], now: datetime = NOON) -> None:
        """Take records at a moment, as the follower does."""
        self.database.write(self.rows.fold(records, self.database, now).writes)

    def held(self) -> list[bytes]:
        """All that is on disk."""
        return [*self.database.keys(b"", b"\xff")]


@pytest.fixture
def claims(tmp_path: Path) -> Iterator[OwnClaims]:
    opened = OwnClaims(tmp_path / "table")
    yield opened
    opened.database.close()


def _record(key: str, state: ClaimState = CLAIMED, *, task_id: str = TASK_ID, at: datetime = NOON) -> ClaimRecord:
    return ClaimRecord(key, SubmissionClaim(task_id=task_id, body_hash=HASH, state=state), at)


def _apply(claims: OwnClaims, records: Sequence[ClaimRecord], *, at_once: bool) -> None:
    for batch in [records] if at_once else [[record] for record in records]:
        claims.apply(batch)


def test_what_is_told_of_a_claim_is_read_with_the_brokers_time() -> None:
    told = SubmissionClaim(task_id=TASK_ID, body_hash=HASH, state=ACCEPTED)
    event = submission_claim(told, source="/test", time=NOON - timedelta(days=1))
    record = Record(0, 0, int(NOON.timestamp() * 1000), b"key", event.data, event.headers())
    assert ClaimRows("claims").read(record) == ClaimRecord("key", told, NOON)


@pytest.mark.parametrize("value", [None, b"", b"{}", b"\xff", b'{"task_id":"x","body_hash":"short","state":"claimed"}'])
def test_what_is_no_claim_is_unreadable(value: bytes | None) -> None:
    with pytest.raises(UnreadableRecord):
        ClaimRows("claims").read(Record(0, 0, 0, b"key", value, ()))


def test_a_key_that_is_no_text_is_unreadable() -> None:
    value = SubmissionClaim(task_id=TASK_ID, body_hash=HASH, state=CLAIMED).model_dump_json().encode()
    with pytest.raises(UnreadableRecord):
        ClaimRows("claims").read(Record(0, 0, 0, b"\xff", value, ()))


def test_a_key_that_nobody_claimed_has_no_holder(claims: OwnClaims) -> None:
    assert claims.get("key") is None
    claims.apply([])
    assert claims.held() == []


@pytest.mark.parametrize("at_once", AT_ONCE)
def test_the_first_claim_of_each_key_is_kept_and_what_is_told_of_it_later(claims: OwnClaims, at_once: bool) -> None:
    records = [_record("one", task_id="1"), _record("two", task_id="2"), _record("one", task_id="3")]
    _apply(claims, [*records, _record("one", ACCEPTED, task_id="1")], at_once=at_once)
    assert claims.get("one") == Claim("1", HASH, accepted=True, claimed_at=NOON)
    assert claims.get("two") == Claim("2", HASH, accepted=False, claimed_at=NOON)


@pytest.mark.parametrize("at_once", AT_ONCE)
def test_nothing_stays_of_a_claim_that_was_released(claims: OwnClaims, at_once: bool) -> None:
    _apply(claims, [_record("one"), _record("one", RELEASED)], at_once=at_once)
    assert claims.get("one") is None
    assert claims.held() == []


def test_a_holder_survives_a_restart(tmp_path: Path) -> None:
    before = OwnClaims(tmp_path)
    before.apply([_record("one")])
    before.database.close()
    after = OwnClaims(tmp_path)
    assert after.get("one") == Claim(TASK_ID, HASH, accepted=False, claimed_at=NOON)
    after.database.close()


def test_holders_are_deleted_an_hour_after_their_life_a_few_with_each_write(claims: OwnClaims) -> None:
    claims.apply([_record(f"old-{number}") for number in range(60)])
    late = NOON + timedelta(minutes=1)
    claims.apply([_record("young", at=late)])
    claims.apply([], NOON + CLAIM_LIFE + timedelta(hours=1))
    assert len(claims.held()) == 2 * 61, "an hour is not over"
    just_past = NOON + CLAIM_LIFE + timedelta(hours=1, seconds=1)
    claims.apply([], just_past)
    assert len(claims.held()) == 2 * 11
    claims.apply([], just_past)
    assert claims.get("young") is not None
    assert len(claims.held()) == 2


@pytest.mark.parametrize("at_once", AT_ONCE)
def test_a_key_that_was_claimed_anew_is_not_deleted_with_its_first_claim(claims: OwnClaims, at_once: bool) -> None:
    anew = NOON + CLAIM_LIFE + timedelta(minutes=2)
    _apply(claims, [_record("one"), _record("one", task_id="2", at=anew)], at_once=at_once)
    claims.apply([], NOON + CLAIM_LIFE + timedelta(hours=2))
    assert claims.get("one") == Claim("2", HASH, accepted=False, claimed_at=anew)
    assert len(claims.held()) == 2


def test_a_key_that_is_claimed_anew_as_its_first_claim_is_deleted_is_kept(claims: OwnClaims) -> None:
    claims.apply([_record("one")])
    anew = NOON + CLAIM_LIFE + timedelta(hours=2)
    claims.apply([_record("one", task_id="2", at=anew)], anew)
    assert claims.get("one") == Claim("2", HASH, accepted=False, claimed_at=anew)
    assert len(claims.held()) == 2
