"""The composition roots of the followers, which wait for a time and so are plain Kafka loops, not Faust agents."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from random import uniform

from prometheus_client import CollectorRegistry

from schemas.topics import BATCH_MEMBERS, BATCHES, FILINGS_DEAD, FILINGS_RETRIES, LANES, TASKS, WEBHOOKS
from streams import forwarder
from streams.batches.batch_janitor import BatchJanitor
from streams.due_consumer import DueConsumer
from streams.forwarder import Forwarder
from streams.janitor import Janitor
from streams.lifetimes import Lifetimes
from streams.metrics import ForwarderMetrics, JanitorMetrics, WebhookMetrics
from streams.outcomes import Outcomes
from streams.probes import probes
from streams.settings import FollowerSettings, WebhookSenderSettings
from streams.status_topic import StatusTopicReader
from streams.stop_signals import stop_signals
from streams.topic_check import topics_are_right
from streams.webhooks.courier import Courier
from streams.webhooks.guarded_network import SystemResolver
from streams.webhooks.sending import Sender
from streams.webhooks.shares import Shares
from streams.webhooks.topic import WebhookTopic
from streams.webhooks.waiting_room import WaitingRoom
from transport.metrics import show_producer_queue
from transport.publisher import KafkaPublisher
from transport.topics import TopicAdmin
from transport.webhook_secrets import WebhookSecrets

log = logging.getLogger(__name__)

Work = Callable[[KafkaPublisher, asyncio.Event], Awaitable[None]]


def run_forwarder(settings: FollowerSettings) -> None:
    """Run the forwarder in this process until it is told to stop.

    Raises:
        WrongTopics: where a topic is missing or wrong.
        KafkaException: where its consumer can't go on.
    """
    metrics = ForwarderMetrics()

    async def work(publisher: KafkaPublisher, stop: asyncio.Event) -> None:
        waiting = DueConsumer(
            settings.connection(),
            group=forwarder.GROUP,
            topics=forwarder.TOPICS,
            due_at=forwarder.due_at,
            now=_now,
        )
        metrics.show_overdue(waiting.overdue)
        show_producer_queue(metrics.registry, publisher.queued)
        try:
            await Forwarder(waiting, publisher, Outcomes(publisher, _now), metrics).run(stop)
        finally:
            await asyncio.to_thread(waiting.close)

    follower = Follower(
        settings, "forwarder", (*LANES, *FILINGS_RETRIES, FILINGS_DEAD, TASKS, WEBHOOKS), metrics.registry
    )
    asyncio.run(follower.run(work))


def run_janitor(settings: FollowerSettings) -> None:
    """Run the janitor in this process until it is told to stop; raises as `run_forwarder` does."""
    metrics = JanitorMetrics()
    follower = Follower(settings, "janitor", (TASKS, BATCH_MEMBERS, BATCHES, WEBHOOKS), metrics.registry)

    async def work(publisher: KafkaPublisher, stop: asyncio.Event) -> None:
        retention = settings.lane_retention
        tasks, batches = (
            StatusTopicReader(settings.connection(), topic, partitions=settings.partitions, now=_now)
            for topic in (TASKS, BATCHES)
        )
        lifetimes = Lifetimes(result_life=settings.result_ttl, lane_retention=retention, now=_now)
        janitor = Janitor(tasks, lifetimes, publisher, metrics, retention)
        # Twice, as long as workers remember a batch: a member's outcome may come as late.
        lives = Lifetimes(result_life=settings.result_ttl, lane_retention=2 * retention, now=_now)
        of_batches = BatchJanitor(batches, lives, publisher, metrics)
        follower.alarms = janitor.alarms
        show_producer_queue(metrics.registry, publisher.queued)
        try:
            await asyncio.gather(janitor.run(stop), of_batches.run(stop))
        finally:
            await asyncio.gather(*(asyncio.to_thread(reader.close) for reader in (tasks, batches)))

    asyncio.run(follower.run(work))


def run_webhooks(settings: WebhookSenderSettings) -> None:
    """Run the sender of webhooks in this process until it is told to stop; raises as `run_forwarder` does."""
    metrics = WebhookMetrics()

    async def work(publisher: KafkaPublisher, stop: asyncio.Event) -> None:
        shares, resolver = Shares(), SystemResolver()
        room, topic = WaitingRoom(shares), WebhookTopic(settings.connection())
        sender = Sender(
            secrets=WebhookSecrets(settings.webhook_secrets_file),
            allowed=settings.allowed_receivers(),
            resolve=resolver,
            now=_now,
            ca_file=settings.webhook_ca_file,
        )
        metrics.show(waiting=room.waiting, in_hand=shares.in_hand, overdue=lambda: room.overdue(_now()))
        show_producer_queue(metrics.registry, publisher.queued)
        courier = Courier(topic, room, shares, sender, publisher, metrics, settings.webhook_delays, _now, _stretch)
        try:
            await courier.run(stop)
        finally:
            await sender.close()
            resolver.close()
            await asyncio.to_thread(topic.close, room.finished())

    asyncio.run(Follower(settings, "webhook-sender", (WEBHOOKS,), metrics.registry).run(work))


class Follower:
    """One follower process: its probes, its topics, its stopping.

    Attributes:
        alarms: why it is not ready although it runs.
    """

    def __init__(
        self, settings: FollowerSettings, name: str, topics: Sequence[str], registry: CollectorRegistry
    ) -> None:
        self._settings, self._name, self._topics, self._registry = settings, name, topics, registry
        self._not_ready: str | None = f"the {name} has not reached Kafka yet"
        self.alarms: Callable[[], list[str]] = list

    async def run(self, work: Work) -> None:
        """Wait for Kafka and the topics, then do the work until SIGTERM or SIGINT."""
        stop, settings = stop_signals(), self._settings
        host, port = settings.follower_probe_host, settings.follower_probe_port
        async with probes(host, port, reasons=self._reasons, registry=self._registry):
            await self._work(work, stop)

    async def _work(self, work: Work, stop: asyncio.Event) -> None:
        settings = self._settings
        wanted = [topic for topic in settings.topics() if topic.name in self._topics]
        publisher = KafkaPublisher(settings.connection(), client_id=f"sigmak-{self._name}", delivery_timeout=None)
        try:
            if await topics_are_right(TopicAdmin(settings.connection()), wanted, stop, self._tell):
                self._not_ready = None
                log.info("the %s is at work", self._name)
                await _until_stopped(work(publisher, stop), stop)
        finally:
            publisher.close()

    def _tell(self, reason: str) -> None:
        self._not_ready = reason

    def _reasons(self) -> list[str]:
        return self.alarms() if self._not_ready is None else [self._not_ready]


_LEAVE_SECONDS = 10.0


async def _until_stopped(work: Awaitable[None], stop: asyncio.Event) -> None:
    """Let the work end by itself after `stop`; while Kafka is away it would wait for acknowledgements for ever."""
    working = asyncio.ensure_future(work)
    stopped = asyncio.ensure_future(stop.wait())
    await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    try:
        await asyncio.wait_for(working, None if working.done() else _LEAVE_SECONDS)
    except TimeoutError:
        log.warning("Kafka acknowledges nothing; what was sent is sent again after the next start")


def _stretch() -> float:
    return uniform(0.9, 1.1)  # noqa: S311, it spreads attempts and keeps nothing secret


def _now() -> datetime:
    return datetime.now(UTC)
