"""Who holds an Idempotency-Key: decided by the order of the partition and the broker's times alone."""

from datetime import datetime, timedelta

import pytest

from gateway.idempotency.claims import Claim, holder
from schemas.claims import ClaimState, SubmissionClaim
from schemas.topics import CLAIM_LIFE
from tests.unit.examples import NOON

MOMENT = timedelta(milliseconds=1)


def _told(task_id: str, state: ClaimState = ClaimState.CLAIMED, body: str = "a") -> SubmissionClaim:
    return SubmissionClaim(task_id=task_id, body_hash=body * 64, state=state)


def _fold(*records: tuple[SubmissionClaim, datetime]) -> Claim | None:
    claim: Claim | None = None
    for told, appended_at in records:
        claim = holder(claim, told, appended_at)
    return claim


def test_the_first_claim_holds_the_key_and_later_ones_change_nothing() -> None:
    claim = _fold((_told("first"), NOON), (_told("second", body="b"), NOON + MOMENT))
    assert claim == Claim("first", "a" * 64, accepted=False, claimed_at=NOON)


def test_a_claim_holds_for_a_day_and_not_longer() -> None:
    last = NOON + CLAIM_LIFE
    assert _fold((_told("first"), NOON), (_told("second"), last)) == _fold((_told("first"), NOON))
    anew = _fold((_told("first"), NOON), (_told("second"), last + MOMENT))
    assert anew is not None
    assert (anew.task_id, anew.claimed_at) == ("second", last + MOMENT)


def test_that_a_filing_is_accepted_is_noted_and_the_claims_age_stays() -> None:
    claim = _fold((_told("first"), NOON), (_told("first", ClaimState.ACCEPTED), NOON + MOMENT))
    assert claim == Claim("first", "a" * 64, accepted=True, claimed_at=NOON)


def test_a_key_that_was_released_may_be_claimed_anew() -> None:
    records = (_told("first"), NOON), (_told("first", ClaimState.RELEASED), NOON)
    assert _fold(*records) is None
    claim = _fold(*records, (_told("second", body="b"), NOON))
    assert claim is not None
    assert (claim.task_id, claim.body_hash) == ("second", "b" * 64)


@pytest.mark.parametrize("state", [ClaimState.ACCEPTED, ClaimState.RELEASED])
def test_what_is_told_of_a_claim_that_does_not_hold_the_key_changes_nothing(state: ClaimState) -> None:
    assert _fold((_told("first"), NOON), (_told("second", state), NOON)) == _fold((_told("first"), NOON))
    assert _fold((_told("second", state), NOON)) is None


def test_who_reads_the_topic_after_the_holder_was_deleted_agrees_with_who_read_all_of_it() -> None:
    loser = _told("loser"), NOON + timedelta(seconds=4)
    holder_of_all = _fold((_told("first"), NOON), loser)
    assert holder_of_all is not None
    # A key is claimed anew as soon as whoever read all of it sees no life in the claim.
    anew_at = NOON + CLAIM_LIFE
    while holder_of_all.lives(anew_at):
        anew_at += timedelta(seconds=1)
    third = _told("third"), anew_at
    late_accepted = _told("first", ClaimState.ACCEPTED), NOON + timedelta(hours=2)
    assert _fold(loser, late_accepted, third) == _fold((_told("first"), NOON), loser, late_accepted, third)
