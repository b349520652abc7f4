"""Submissions with an Idempotency-Key: one task or batch a key, whichever gateway takes them, whatever dies meanwhile.

Numbered, since the order is the guarantee:
  1. who holds the key is looked up; where nobody does, it is claimed for a new task id, and the claim acknowledged;
  2. the table of claims is brought up to the end of its topic: the first claim in the partition holds the key;
  3. where that is another's, his filing is given a moment to be accepted;
  4. where it is ours, or his is not accepted: PENDING, then the filing event, both under the claim's task id;
  5. that it is accepted is told on the topic of claims; only then comes the answer.
A gateway that dies or loses Kafka between any two leaves a claim that is not accepted. Whoever sends the key again goes
on at step 4: workers skip a filing event that they have seen, and readers of statuses an older PENDING.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Generic, Protocol, TypeVar

from gateway.idempotency.claims import Claim, Claims
from gateway.idempotency.fingerprints import claim_key
from gateway.materialised.follower import TableBehind
from schemas.claims import ClaimState, SubmissionClaim
from schemas.envelope import CloudEvent
from schemas.events import submission_claim
from schemas.topics import IDEMPOTENCY
from transport.publisher import EventTooLarge, KafkaAway, PublishFailed

log = logging.getLogger(__name__)

_SOURCE = "/sigmak/gateway"
_LOOK_SECONDS = 0.02
_WAITED_FOR_OTHERS = 0.25
"""Of the time that a submission has: what is left must do for the claim's filing, should the other have died."""


class Owned(Protocol):
    """What somebody wants to have accepted."""

    @property
    def owner(self) -> str:
        """The id of the API key that it belongs to."""


Wish = TypeVar("Wish", bound=Owned)
_Wish_contra = TypeVar("_Wish_contra", bound=Owned, contravariant=True)


class Acceptance(Protocol[_Wish_contra]):
    """How what is asked for is accepted, under an id of which its effects derive; `FilingPublisher` is one."""

    @property
    def timeout(self) -> float:
        """Seconds that all of it may take."""

    def deadline(self) -> float:
        """When what begins now must be through, by the event loop's clock."""

    async def announce(self, task_id: str, wish: _Wish_contra, until: float, /) -> None:
        """Have readers know of it; raises KafkaAway."""

    async def hand_over(self, task_id: str, wish: _Wish_contra, until: float, /) -> None:
        """Have workers know of it; raises PublishFailed, or what the caller is told."""

    def withdraw(self, task_id: str) -> None:
        """Have readers forget it."""

    async def publish_by(self, until: float, topic: str, key: str, event: CloudEvent) -> None:
        """Publish any event; raises KafkaAway where it is not acknowledged by `until`."""


class KeyReused(Exception):
    """The Idempotency-Key was sent before with another body."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """An accepted submission.

    Attributes:
        task_id: its task.
        replayed: an earlier submission with the key was accepted; this one put nothing on Kafka.
    """

    task_id: str
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class _Asked(Generic[Wish]):
    """One submission while it is worked on; `task_id` is for a claim of its own, `until` by the event loop's clock."""

    key: str
    body_hash: str
    task_id: str
    offered: Wish
    until: float


@dataclass(frozen=True, slots=True)
class KeyedSubmissions(Generic[Wish]):
    """Accepts what is sent with an Idempotency-Key.

    Those that come with one key while a first is worked on wait for it: they share its outcome, or go on alone where
    their body is another.
    """

    filings: Acceptance[Wish]
    claims: Claims
    body_hash: Callable[[Wish], Awaitable[str]]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _in_hand: dict[str, tuple[str, asyncio.Task[Receipt]]] = field(default_factory=dict)

    async def submit(self, key: str, task_id: str, offered: Wish) -> Receipt:
        """Put a filing on its lane, once a key: under this task id, unless the key stands for another already.

        Raises:
            KeyReused: the key stands for something else.
            KafkaAway: not accepted; the key may be claimed.
            OutcomeUnknown: perhaps accepted.
            EventTooLarge: larger than the lane takes, compressed; the key may be used for another.
        """
        until = self.filings.deadline()
        asked = _Asked(claim_key(offered.owner, key), await self.body_hash(offered), task_id, offered, until)
        while (found := self._in_hand.get(asked.key)) is not None:
            hash_in_hand, first = found
            if hash_in_hand == asked.body_hash:
                return replace(await asyncio.shield(first), replayed=True)
            await asyncio.wait([first])
        return await self._alone(asked)

    def is_accepted(self, owner: str, key: str) -> bool:
        """Whether the key stands for an accepted filing, as far as this gateway knows: one local read."""
        claim = self._living(claim_key(owner, key))
        return claim is not None and claim.accepted

    async def replay(self, key: str, offered: Wish) -> Receipt:
        """The receipt of the accepted filing that the key stands for; puts nothing on Kafka.

        Raises:
            KeyReused: the key stands for something else.
            KafkaAway: it stands for no accepted filing, or no longer.
        """
        until = self.filings.deadline()
        hash_ = await self.body_hash(offered)
        claim = await self._held(claim_key(offered.owner, key), hash_, until)
        if claim is None or not claim.accepted:
            raise KafkaAway("its Idempotency-Key stands for no filing any more", outcome_known=True)
        if claim.body_hash != hash_:
            raise KeyReused
        return Receipt(claim.task_id, replayed=True)

    async def _alone(self, asked: _Asked[Wish]) -> Receipt:
        working = asyncio.create_task(self._accept(asked))
        self._in_hand[asked.key] = asked.body_hash, working
        working.add_done_callback(lambda _: self._in_hand.pop(asked.key))
        # Shielded: others wait for it, too, should this request be given up.
        return await asyncio.shield(working)

    async def _accept(self, asked: _Asked[Wish]) -> Receipt:
        claim, ours = await self._claim(asked)
        if claim.body_hash != asked.body_hash:
            raise KeyReused
        if not ours and await self._is_accepted(asked.key, claim):
            return Receipt(claim.task_id, replayed=True)
        await self._publish(claim.task_id, asked)
        return Receipt(claim.task_id)

    async def _claim(self, asked: _Asked[Wish]) -> tuple[Claim, bool]:
        """The claim that holds the key, and whether it was made here and now."""
        claim = await self._held(asked.key, asked.body_hash, asked.until)
        if claim is not None:
            return claim, False
        await self._tell(asked.task_id, ClaimState.CLAIMED, asked)
        await self._catch_up(asked.until)
        # Past its life too: where this gateway's clock is ahead of the broker's, the earlier claim has held.
        claim = self.claims.get(asked.key)
        if claim is None:
            raise KafkaAway("its Idempotency-Key was released a moment ago", outcome_known=True)
        return claim, claim.task_id == asked.task_id

    async def _held(self, key: str, body_hash: str, until: float) -> Claim | None:
        """The claim that holds the key already."""
        claim = self._living(key)
        if claim is not None and not (claim.accepted and claim.body_hash == body_hash):
            # It may be accepted by now, or released for another body.
            await self._catch_up(until)
            claim = self._living(key)
        return claim

    def _living(self, key: str) -> Claim | None:
        claim = self.claims.get(key)
        return claim if claim is not None and claim.lives(self.now()) else None

    async def _is_accepted(self, key: str, claim: Claim) -> bool:
        """Whether the filing of another's claim is accepted, or is in a moment.

        After the time that a submission has, nobody works on it any more; where the clocks differ, it is only published
        twice.
        """
        loop = asyncio.get_running_loop()
        since_claimed = (self.now() - claim.claimed_at).total_seconds()
        timeout = self.filings.timeout
        until = loop.time() + min(_WAITED_FOR_OTHERS * timeout, timeout - since_claimed)
        held: Claim | None = claim
        while held is not None and held.task_id == claim.task_id:
            if held.accepted:
                return True
            if loop.time() >= until:
                break
            await asyncio.sleep(_LOOK_SECONDS)
            held = self.claims.get(key)
        return False

    async def _publish(self, task_id: str, asked: _Asked[Wish]) -> None:
        # Nothing is withdrawn but what can never be accepted: the next with this key goes on under the same task id,
        # and readers would take its task for one that is gone.
        await self.filings.announce(task_id, asked.offered, asked.until)
        try:
            await self.filings.hand_over(task_id, asked.offered, asked.until)
        except EventTooLarge:
            if await self._told(task_id, ClaimState.RELEASED, asked):
                self.filings.withdraw(task_id)
            raise
        # Not told, it is accepted all the same: the next with this key sends it once more.
        await self._told(task_id, ClaimState.ACCEPTED, asked)

    async def _told(self, task_id: str, state: ClaimState, asked: _Asked[Wish]) -> bool:
        try:
            await self._tell(task_id, state, asked)
        except PublishFailed as error:
            log.warning("that the claim of task %s is %s was not acknowledged: %s", task_id, state, error)
            return False
        return True

    async def _tell(self, task_id: str, state: ClaimState, asked: _Asked[Wish]) -> None:
        claim = SubmissionClaim(task_id=task_id, body_hash=asked.body_hash, state=state)
        event = submission_claim(claim, source=_SOURCE, time=self.now())
        await self.filings.publish_by(asked.until, IDEMPOTENCY, asked.key, event)

    async def _catch_up(self, until: float) -> None:
        try:
            async with asyncio.timeout_at(until):
                await self.claims.catch_up()
        except (TimeoutError, TableBehind) as error:
            raise KafkaAway("who holds its Idempotency-Key can't be told now", outcome_known=True) from error
