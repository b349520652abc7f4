"""The courier's order of steps: a crash between any two loses nothing and sends one thing once more at most."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from schemas.topics import WEBHOOKS
from schemas.webhooks import WebhookAttempt, WebhookDelivery
from streams.metrics import WebhookMetrics
from streams.webhooks.courier import Courier
from streams.webhooks.shares import Shares
from streams.webhooks.waiting_room import DeliverySeen, EndReached, Seen, WaitingRoom
from tests.unit.examples import NOON
from tests.unit.fake_publisher import FakePublisher
from tests.unit.webhooks.examples import a_delivery, answered
from transport.publisher import KafkaAway


class Log:
    """The topic: what was written to it is read again by whoever comes, from the committed offset on."""

    def __init__(self, *deliveries: WebhookDelivery) -> None:
        self.kafka = FakePublisher()
        self.written, self.committed, self.stop = [*deliveries], 0, asyncio.Event()
        self._position = 0

    def reader(self) -> "Log":
        """A new process reads."""
        self._position, self.stop, self._loop = self.committed, asyncio.Event(), asyncio.get_running_loop()
        return self

    def states(self) -> list[WebhookDelivery]:
        """All that it holds."""
        told = [WebhookDelivery.model_validate_json(each.value or b"") for each in self.kafka.on(WEBHOOKS)]
        return [*self.written, *told]

    def read(self, seconds: float, finished: Mapping[int, int]) -> Sequence[Seen]:
        assert seconds > 0
        self.committed = finished.get(0, self.committed)
        states = self.states()
        unread = [DeliverySeen(0, at, NOON, b"key", states[at]) for at in range(self._position, len(states))]
        self._position = len(states)
        # Only once there was nothing new: then all that was read is observed, and what that ended is in `finished`.
        if not unread and _nothing_is_due(states):
            self._loop.call_soon_threadsafe(self.stop.set)
        return [*unread, EndReached(0, self._position)]


def _nothing_is_due(states: Sequence[WebhookDelivery]) -> bool:
    newest = {state.webhook_id: state for state in states}
    return all(state.outcome or state.due_at for state in newest.values())


class Receiver:
    """Answers with the next of these statuses, the last one again and again."""

    def __init__(self, *statuses: int) -> None:
        self.statuses, self.received = [*statuses], list[str]()
        self.has_four = asyncio.Event()

    async def attempt(self, delivery: WebhookDelivery) -> WebhookAttempt:
        await asyncio.sleep(0)
        self.received.append(delivery.webhook_id)
        if len(self.received) == 4:
            self.has_four.set()
        return answered(self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0])


async def deliver(log: Log, receiver: Receiver) -> WebhookMetrics:
    shares, metrics = Shares(), WebhookMetrics()
    courier = Courier(
        log.reader(), WaitingRoom(shares), shares, receiver, log.kafka, metrics, [60.0], lambda: NOON, lambda: 1.0
    )
    async with asyncio.timeout(10):
        await courier.run(log.stop)
    return metrics


async def test_what_was_delivered_is_told_and_its_offset_committed() -> None:
    log, receiver = Log(a_delivery()), Receiver(204)
    metrics = await deliver(log, receiver)
    assert [state.outcome for state in log.states()] == [None, "delivered"]
    assert log.committed == 2
    assert metrics.registry.get_sample_value("sigmak_webhooks_attempts_total", {"result": "204"}) == 1
    assert metrics.registry.get_sample_value("sigmak_webhooks_ended_total", {"outcome": "delivered"}) == 1


async def test_what_failed_waits_and_its_offset_is_that_of_its_new_state() -> None:
    log = Log(a_delivery())
    await deliver(log, Receiver(500))
    assert [(state.attempts, state.outcome) for state in log.states()] == [(0, None), (1, None)]
    assert log.committed in (0, 1)


async def test_a_state_goes_to_the_partition_and_key_of_the_one_before_it() -> None:
    log = Log(a_delivery())
    await deliver(log, Receiver(204))
    [told] = log.kafka.on(WEBHOOKS)
    assert (told.partition, told.key) == (0, b"key")


async def test_what_was_sent_and_not_told_of_is_sent_once_more_under_its_id() -> None:
    log, receiver = Log(a_delivery()), Receiver(204)
    log.kafka.faults[WEBHOOKS] = [KafkaAway("away", outcome_known=False)]
    with pytest.raises(KafkaAway):
        await deliver(log, receiver)
    assert log.committed == 0
    await deliver(log, receiver)
    await deliver(log, receiver)
    assert receiver.received == [a_delivery().webhook_id] * 2
    assert log.committed == len(log.states())


async def test_what_was_told_of_and_not_committed_is_not_sent_again() -> None:
    log, receiver = Log(a_delivery()), Receiver(204)
    await deliver(log, receiver)
    log.committed = 0
    await deliver(log, receiver)
    assert len(receiver.received) == 1


async def test_what_no_key_can_sign_ends_without_an_attempt() -> None:
    log, receiver = Log(a_delivery(owner=None)), Receiver(204)
    await deliver(log, receiver)
    assert receiver.received == []
    assert log.states()[-1].outcome == "no_secret"


async def test_after_the_last_delay_it_is_given_up() -> None:
    log = Log(a_delivery(attempts=1))
    await deliver(log, Receiver(500))
    assert (log.states()[-1].outcome, log.states()[-1].attempts) == ("given_up", 2)


async def test_while_kafka_does_not_take_what_became_of_them_no_more_are_sent_than_have_places() -> None:
    log, receiver = Log(*(a_delivery(webhook_id=f"id-{number}") for number in range(10))), Receiver(204)
    log.kafka.held[WEBHOOKS] = asyncio.Event()
    delivering = asyncio.create_task(deliver(log, receiver))
    await asyncio.wait_for(receiver.has_four.wait(), 10)
    for _ in range(100):
        await asyncio.sleep(0)
    assert len(receiver.received) == 4
    log.kafka.held[WEBHOOKS].set()
    await delivering
    assert sorted(receiver.received) == [f"id-{number}" for number in range(10)]
