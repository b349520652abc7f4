"""Who holds an Idempotency-Key: the first who claimed it, for a day."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from schemas.claims import ClaimState, SubmissionClaim
from schemas.topics import CLAIM_LIFE

_CLAIMED_ANEW_AFTER = CLAIM_LIFE + timedelta(minutes=1)
"""Of two that claim a key at once, the loser's record is the younger, and the winner's may be deleted first: a gateway
that reads the topic only then takes the loser for the holder. It must have no life left either when a third comes."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The claim that holds a key.

    Attributes:
        task_id: the task that the key stands for.
        body_hash: of what was asked for.
        accepted: whether the task's filing event is known to be on its lane.
        claimed_at: when the broker took the claim.
    """

    task_id: str
    body_hash: str
    accepted: bool
    claimed_at: datetime

    def lives(self, now: datetime) -> bool:
        """Whether the key still stands for the task."""
        return now - self.claimed_at <= _CLAIMED_ANEW_AFTER


class Claims(Protocol):
    """This gateway's copy of the topic of claims."""

    def get(self, key: str) -> Claim | None:
        """Who holds the key, past its life too; one local read."""

    async def catch_up(self) -> None:
        """Return once all is here that the topic held when this was called.

        Raises:
            TableBehind: where that does not succeed.
        """


def holder(earlier: Claim | None, told: SubmissionClaim, appended_at: datetime) -> Claim | None:
    """Who holds a key after a record of it.

    It depends on nothing but the partition's records and the broker's times, so that all gateways agree.
    """
    if told.state is ClaimState.CLAIMED:
        if earlier is not None and appended_at - earlier.claimed_at <= CLAIM_LIFE:
            return earlier
        return Claim(told.task_id, told.body_hash, accepted=False, claimed_at=appended_at)
    if earlier is None or earlier.task_id != told.task_id:
        # Of a claim that was deleted already. Taken for a claim, it would hold the key for longer than others know.
        return earlier
    return None if told.state is ClaimState.RELEASED else replace(earlier, accepted=True)
