"""The courier: attempts what is due, and says on the topic what became of it, until each delivery has ended.

Numbered, since the order is the guarantee:
  1. a delivery's state is read from the topic, and its partition's end was reached;
  2. it is sent;
  3. what became of it is on the topic, acknowledged;
  4. it is read there, which ends this state; only then may the offset behind it be committed.
A crash between 2 and 3 sends it once more, under the same id. Nothing else is sent twice, and nothing is lost.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from schemas.events import webhook_delivery
from schemas.topics import WEBHOOKS
from schemas.webhooks import WebhookAttempt, WebhookDelivery
from streams.metrics import WebhookMetrics
from streams.webhooks.schedule import after
from streams.webhooks.shares import Shares
from streams.webhooks.waiting_room import DeliverySeen, Seen, WaitingRoom
from transport.publisher import EventPublisher

log = logging.getLogger(__name__)

_SOURCE = "/sigmak/webhooks"
_LOOK_SECONDS = 0.5
"""How late an attempt may be, and how long a stop may go unnoticed, while nothing comes."""
_LAST_SECONDS = 5.0
"""What attempts in hand may still take after a stop; others are made again by the next one."""


class Topic(Protocol):
    """The webhook topic."""

    def read(self, seconds: float, finished: Mapping[int, int]) -> Sequence[Seen]:
        """What comes next, waiting up to `seconds` for the first; `finished` may be committed."""


class Attempting(Protocol):
    """Who sends."""

    async def attempt(self, delivery: WebhookDelivery) -> WebhookAttempt:
        """Send it once, and tell how that went."""


@dataclass(frozen=True, slots=True)
class Courier:
    """Delivers until it is stopped.

    Attributes:
        delays: seconds before the second and each later attempt.
        stretch: what the next delay is multiplied by, around 1.
    """

    topic: Topic
    room: WaitingRoom
    shares: Shares
    sender: Attempting
    events: EventPublisher
    metrics: WebhookMetrics
    delays: Sequence[float]
    now: Callable[[], datetime]
    stretch: Callable[[], float]
    _in_hand: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver what is due, until `stop` is set.

        Raises:
            Exception: what ended the reading or an attempt by a fault of ours, or of Kafka's.
        """
        stopping: asyncio.Future[Any] = asyncio.ensure_future(stop.wait())
        reading = self._look()
        try:
            while not stop.is_set():
                await asyncio.wait({stopping, reading, *self._in_hand}, return_when=asyncio.FIRST_COMPLETED)
                if reading.done():
                    for seen in reading.result():
                        self.room.observe(seen)
                    reading = self._look()
                self._put_down([task for task in self._in_hand if task.done()])
                for seen in self.room.take(self.now()):
                    self._in_hand.add(asyncio.ensure_future(self._deliver(seen)))
            if self._in_hand:
                await asyncio.wait(self._in_hand, timeout=_LAST_SECONDS)
        finally:
            stopping.cancel()
            for task in self._in_hand:
                task.cancel()
            await asyncio.gather(reading, *self._in_hand, return_exceptions=True)

    def _look(self) -> "asyncio.Future[Sequence[Seen]]":
        return asyncio.ensure_future(asyncio.to_thread(self.topic.read, _LOOK_SECONDS, self.room.finished()))

    def _put_down(self, tasks: Sequence["asyncio.Task[None]"]) -> None:
        for task in tasks:
            self._in_hand.discard(task)
            task.result()

    async def _deliver(self, seen: DeliverySeen) -> None:
        delivery = seen.delivery
        if delivery.owner is None:
            log.warning("webhook %s is not sent: its task has no API key that could sign it", delivery.webhook_id)
            await self._tell(seen, delivery.model_copy(update={"outcome": "no_secret"}))
            self.shares.withdraw(delivery.receiver)
            return
        attempt = await self.sender.attempt(delivery)
        self.metrics.attempts.labels(str(attempt.status or attempt.error)).inc()
        state = after(delivery, attempt, delays=self.delays, now=self.now(), stretch=self.stretch())
        await self._tell(seen, state)
        # Not before: while Kafka is away, all that is open would be sent, and sent again after a crash.
        self.shares.end(delivery.receiver, delivered=state.outcome == "delivered")

    async def _tell(self, seen: DeliverySeen, state: WebhookDelivery) -> None:
        event = webhook_delivery(state, source=_SOURCE, time=self.now())
        # To the same partition, which is folded by itself, whoever wrote the first state and by whatever key.
        await self.events.publish_raw(WEBHOOKS, seen.key, event.data, event.headers(), partition=seen.partition)
        if state.outcome is not None:
            self.metrics.ended.labels(state.outcome).inc()
            log.info("webhook %s to %s: %s", state.webhook_id, state.receiver, state.outcome)
        else:
            last = state.last_attempt
            told = None if last is None else last.status or last.error
            log.info("webhook %s to %s: %s, again at %s", state.webhook_id, state.receiver, told, state.due_at)
