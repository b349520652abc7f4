"""A gateway's copy of the topic of claims, over a `FakePublisher`: the real fold, without Kafka and disk."""

from dataclasses import dataclass, field
from datetime import datetime

from gateway.idempotency.claims import Claim, holder
from gateway.materialised.follower import TableBehind
from schemas.claims import SubmissionClaim
from schemas.topics import IDEMPOTENCY
from tests.unit.examples import NOON
from tests.unit.fake_publisher import FakePublisher


@dataclass
class FakeClaims:
    """`Claims` that a test can hold back.

    Attributes:
        kafka: what it follows; several may follow one.
        lags: sees what is new only when it is brought up to the end.
        behind: can't be brought up to the end.
        appended_at: when the broker takes what is new.
    """

    kafka: FakePublisher
    lags: bool = False
    behind: bool = False
    appended_at: datetime = NOON
    _taken: int = 0
    _claims: dict[str, Claim | None] = field(default_factory=dict)

    def get(self, key: str) -> Claim | None:
        """Who holds the key."""
        if not self.lags:
            self._follow()
        return self._claims.get(key)

    async def catch_up(self) -> None:
        """Take all that is on the topic."""
        if self.behind:
            raise TableBehind("behind")
        self._follow()

    def _follow(self) -> None:
        told = self.kafka.on(IDEMPOTENCY)
        for message in told[self._taken :]:
            assert message.event is not None
            key = str(message.key)
            record = SubmissionClaim.model_validate_json(message.event.data)
            self._claims[key] = holder(self._claims.get(key), record, self.appended_at)
        self._taken = len(told)
