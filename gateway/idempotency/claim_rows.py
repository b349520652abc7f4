"""The topic of claims as rows on local disk: who holds each key."""

import itertools
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import orjson
from pydantic import ValidationError

from gateway.idempotency.claims import Claim, holder
from gateway.materialised.database import Database
from gateway.materialised.records import Record, UnreadableRecord, decoded
from gateway.materialised.topic_rows import Changes, Held
from schemas.claims import SubmissionClaim
from schemas.topics import CLAIM_LIFE

_HOLDER = b"claims/holder/"
_AGE = b"claims/age/"
"""Index of the holders by the time of their claim, so that the oldest are found first."""
_TIME_BYTES = 8
_SWEPT_AFTER = CLAIM_LIFE + timedelta(hours=1)
"""As long as the topic keeps a claim. A gateway whose clock is ahead by less does not forget one that still lives."""
_SWEPT_AT_ONCE = 50


class ClaimRecord(NamedTuple):
    """One record of the topic."""

    key: str
    told: SubmissionClaim
    appended_at: datetime


class ClaimRows:
    """The topic's `TopicRows`; it has no news."""

    prefix: Final = b"claims/"
    version: Final = 1
    continued_for: Final = None

    def __init__(self, topic: str) -> None:
        self.topic: Final = topic

    def read(self, record: Record) -> ClaimRecord:
        """See `TopicRows`."""
        try:
            told = SubmissionClaim.model_validate_json(record.value or b"")
        except ValidationError as error:
            raise UnreadableRecord("not a claim") from error
        return ClaimRecord(decoded(record.key), told, datetime.fromtimestamp(record.appended_at / 1000, tz=UTC))

    def fold(self, items: Sequence[ClaimRecord], held: Held, now: datetime) -> Changes[None]:
        """See `TopicRows`. Also deletes a few holders past their life."""
        keys = [*dict.fromkeys(item.key for item in items)]
        earlier = dict(zip(keys, map(_decoded, held.get_many([_holder_key(key) for key in keys])), strict=True))
        holders = dict(earlier)
        for key, told, appended_at in items:
            holders[key] = holder(holders[key], told, appended_at)
        writes = _swept(held, now)
        for key, claim in holders.items():
            before = earlier[key]
            if before is not None:
                writes[_age_key(key, before)] = None
            if claim is not None:
                writes[_age_key(key, claim)] = b""
            writes[_holder_key(key)] = None if claim is None else _encoded(claim)
        return Changes(writes)

    def told(self, news: Sequence[tuple[str, None]]) -> None:
        """See `TopicRows`."""


class ClaimTable:
    """The rows as `Claims`.

    Args:
        catch_up: brings the rows up to the end of their topic.
    """

    def __init__(self, database: Database, catch_up: Callable[[], Awaitable[None]]) -> None:
        self._database, self._catch_up = database, catch_up

    def get(self, key: str) -> Claim | None:
        """See `Claims`."""
        return _decoded(self._database.get(_holder_key(key)))

    async def catch_up(self) -> None:
        """See `Claims`."""
        await self._catch_up()


def _swept(held: Held, now: datetime) -> dict[bytes, bytes | None]:
    past = held.keys(_AGE, _age(now - _SWEPT_AFTER))
    writes: dict[bytes, bytes | None] = {}
    for key in itertools.islice(past, _SWEPT_AT_ONCE):
        writes[key] = None
        writes[_HOLDER + key[len(_AGE) + _TIME_BYTES :]] = None
    return writes


def _holder_key(key: str) -> bytes:
    return _HOLDER + key.encode()


def _age_key(key: str, claim: Claim) -> bytes:
    return _age(claim.claimed_at) + key.encode()


def _age(claimed_at: datetime) -> bytes:
    return _AGE + int(claimed_at.timestamp() * 1000).to_bytes(_TIME_BYTES)


def _encoded(claim: Claim) -> bytes:
    return orjson.dumps([claim.task_id, claim.body_hash, claim.accepted, claim.claimed_at])


def _decoded(row: bytes | None) -> Claim | None:
    if row is None:
        return None
    task_id, body_hash, accepted, claimed_at = orjson.loads(row)
    return Claim(task_id, body_hash, accepted=accepted, claimed_at=datetime.fromisoformat(claimed_at))
