"""Puts the wish to cancel a task on Kafka, where the worker that has the task's partition reads it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from schemas.cancellations import Cancellation
from schemas.events import task_cancellation
from schemas.tasks import TaskOrigin
from schemas.topics import CANCELLATIONS
from transport.publisher import EventPublisher, KafkaAway

_SOURCE = "/sigmak/gateway"


@dataclass(frozen=True, slots=True)
class Canceller:
    """Asks for tasks to be cancelled.

    Attributes:
        events: the process's producer.
        timeout: seconds to wait for the acknowledgement.
    """

    events: EventPublisher
    timeout: float
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    async def cancel(self, task_id: str, origin: TaskOrigin, *, owner: str, traceparent: str | None) -> None:
        """Ask for a task to be cancelled; returns once the wish is on the broker. Repeating it is harmless.

        Raises:
            KafkaAway: it was not acknowledged, but may be on the broker none the less.
        """
        wish = Cancellation(task_id=task_id, **origin.model_dump())
        event = task_cancellation(wish, source=_SOURCE, time=self.now(), owner=owner, traceparent=traceparent)
        try:
            async with asyncio.timeout(self.timeout):
                # By the ticker, as its filing: so it comes to the worker that has the filing, and to no other.
                await self.events.publish(CANCELLATIONS, origin.ticker, event)
        except TimeoutError as error:
            raise KafkaAway("Kafka did not acknowledge in time", outcome_known=False) from error
