"""A Kafka that breaks once, at a message that the test chooses."""

from dataclasses import dataclass, field

from tests.unit.fake_publisher import FakePublisher, Published
from transport.publisher import KafkaAway

SURELY_NOT = KafkaAway("Kafka is away", outcome_known=True)
PERHAPS = KafkaAway("Kafka did not acknowledge", outcome_known=False)


class Killed(BaseException):
    """The gateway's process is gone: nothing that would catch a fault runs."""


@dataclass
class BreakingKafka(FakePublisher):
    """Breaks once, at its nth message."""

    breaks_at: int
    fault: BaseException
    stored: bool
    """Whether the message that it breaks at is on the broker all the same."""
    _asked_for: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        super().__init__()

    async def _take(self, message: Published) -> None:
        self._asked_for += 1
        if self._asked_for != self.breaks_at or self.stored:
            await super()._take(message)
        if self._asked_for == self.breaks_at:
            raise self.fault
