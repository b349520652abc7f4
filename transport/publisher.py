"""The one producer of a process: idempotent, acknowledged by all in-sync replicas, awaited from asyncio."""

import asyncio
import functools
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from schemas.envelope import CloudEvent
from transport.connection import ClientSettings, KafkaConnection

log = logging.getLogger(__name__)
_client_log = logging.getLogger("librdkafka")

CLIENT_MESSAGE_LIMIT = 64 * 1024 * 1024
"""librdkafka checks a message against this before it compresses; the topics' own limits hold after."""
_QUEUE_LIMIT_KIB = 256 * 1024
"""librdkafka would buffer 1 GiB while Kafka is away; over this a submission is refused instead."""
_PROBE_SECONDS = 0.5
_KEYS_PARTITION = -1
_OVERSIZE = (KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE)


class PublishFailed(Exception):
    """An event was not acknowledged. `outcome_known` tells whether it surely is not on the broker."""

    def __init__(self, reason: str, *, outcome_known: bool) -> None:
        super().__init__(reason)
        self.outcome_known = outcome_known


class KafkaAway(PublishFailed):
    """Kafka can't be reached, or did not acknowledge in time."""


class EventTooLarge(PublishFailed):
    """An event is over its topic's limit, compressed; it is not on the broker."""

    def __init__(self, topic: str) -> None:
        super().__init__(f"the event is larger than {topic} takes", outcome_known=True)


class EventPublisher(Protocol):
    """What the rooms need of a publisher."""

    async def publish(self, topic: str, key: str, event: CloudEvent | None) -> None:
        """Send one event, or a tombstone for `None`, and wait until it is acknowledged."""

    async def publish_raw(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]],
        *,
        partition: int | None = None,
    ) -> None:
        """Send bytes as they are, to the key's partition or a given one, and wait until they are acknowledged."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """The broker's answer to one event, and who waits for it."""

    loop: asyncio.AbstractEventLoop
    acknowledged: "asyncio.Future[None]"
    topic: str
    error: KafkaError | None


class KafkaPublisher:
    """Publishes through one librdkafka producer, whose callbacks run in a thread of its own.

    Args:
        client_id: the name in the broker's logs.
        delivery_timeout: seconds until an unacknowledged event fails; None waits for Kafka however long it takes.
    """

    def __init__(self, connection: KafkaConnection, *, client_id: str, delivery_timeout: float | None) -> None:
        self._config: ClientSettings = {
            **connection.client_settings(),
            "client.id": client_id,
            "enable.idempotence": True,
            "acks": "all",
            "compression.type": "lz4",
            # librdkafka's default is CRC32: keys would land on other partitions than Java's and Faust's.
            "partitioner": "murmur2_random",
            "message.max.bytes": CLIENT_MESSAGE_LIMIT,
            "queue.buffering.max.kbytes": _QUEUE_LIMIT_KIB,
            "linger.ms": 0,
            # Asked for metadata only every 5 minutes, a recreated topic would fail events for as long.
            "topic.metadata.refresh.interval.ms": 30_000,
            "message.timeout.ms": 0 if delivery_timeout is None else int(delivery_timeout * 1000),
        }
        self._waits_for_ever = delivery_timeout is None
        self._available = threading.Event()
        self._stopping = threading.Event()
        self._out_of_order = threading.Event()
        self._answers: list[_Answer] = []
        """What the broker answered since they were last handed over; filled by callbacks, in the thread that polls."""
        self._producer = self._new_producer()
        self._thread = threading.Thread(target=self._poll, name="kafka-producer", daemon=True)
        self._thread.start()

    @property
    def available(self) -> bool:
        """False while Kafka is known to be away."""
        return self._available.is_set()

    def queued(self) -> int:
        """How many events wait for their acknowledgement."""
        return len(self._producer)

    async def publish(self, topic: str, key: str, event: CloudEvent | None) -> None:
        """Send one event, or a tombstone for `None`, and wait until it is acknowledged.

        Raises:
            KafkaAway: not acknowledged; at once while Kafka is known to be away.
            EventTooLarge: over the topic's limit.
        """
        value, headers = (None, []) if event is None else (event.data, event.headers())
        await self.publish_raw(topic, key.encode(), value, headers)

    async def publish_raw(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]],
        *,
        partition: int | None = None,
    ) -> None:
        """Send bytes as they are; raises as `publish` does."""
        where = _KEYS_PARTITION if partition is None else partition
        if not (self._waits_for_ever or self._available.is_set()):
            raise KafkaAway("Kafka is away", outcome_known=True)
        loop = asyncio.get_running_loop()
        acknowledged: asyncio.Future[None] = loop.create_future()

        def delivered(error: KafkaError | None, _message: Message) -> None:
            self._answers.append(_Answer(loop, acknowledged, topic, error))

        while True:
            try:
                self._producer.produce(topic, value, key, where, headers=list(headers), on_delivery=delivered)
                break
            except BufferError as error:
                if not self._waits_for_ever:
                    raise KafkaAway("too many events wait for Kafka", outcome_known=True) from error
                await asyncio.sleep(_PROBE_SECONDS / 10)
            except KafkaException as error:
                if error.args[0].code() in _OVERSIZE:
                    raise EventTooLarge(topic) from error
                raise KafkaAway(f"Kafka refused the event: {error.args[0].str()}", outcome_known=True) from error
        await acknowledged

    def close(self, timeout: float = 5.0) -> None:
        """Wait up to `timeout` seconds for events in flight, and stop the thread."""
        self._stopping.set()
        self._thread.join()
        self._serve(functools.partial(self._producer.flush, timeout))

    def _hand_over(self) -> None:
        """Tell those who wait, all at once: to wake an event loop for each answer cost more than the answer."""
        answers, self._answers = self._answers, []
        by_loop: dict[asyncio.AbstractEventLoop, list[_Answer]] = {}
        for answer in answers:
            by_loop.setdefault(answer.loop, []).append(answer)
        for loop, its_own in by_loop.items():
            # It may be closed when a process ends with events in flight; nobody waits then.
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._settle_all, its_own)

    def _settle_all(self, answers: "Sequence[_Answer]") -> None:
        for answer in answers:
            self._settle(answer.acknowledged, answer.topic, answer.error)

    def _settle(self, acknowledged: "asyncio.Future[None]", topic: str, error: KafkaError | None) -> None:
        if error is None:
            self._available.set()
        if acknowledged.done():  # cancelled by a deadline of the caller
            return
        if error is None:
            acknowledged.set_result(None)
        elif error.code() in _OVERSIZE:
            acknowledged.set_exception(EventTooLarge(topic))
        else:
            self._available.clear()
            # All others may have reached the broker, also what was purged from the queue: it waits there again when the
            # connection that it was sent on broke.
            surely_absent = error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART
            failure = KafkaAway(f"Kafka did not acknowledge: {error.str()}", outcome_known=surely_absent)
            acknowledged.set_exception(failure)

    def _new_producer(self) -> Producer:
        return Producer({**self._config, "error_cb": self._on_error}, logger=_client_log)

    def _on_error(self, error: KafkaError) -> None:
        if error.code() == KafkaError._ALL_BROKERS_DOWN:
            self._available.clear()
        elif error.fatal():
            log.error("the producer is out of order and is made anew: %s", error.str())
            self._available.clear()
            self._out_of_order.set()

    def _poll(self) -> None:
        while not self._stopping.is_set():
            self._serve(functools.partial(self._producer.poll, 0.1 if self._available.is_set() else 0))
            if self._out_of_order.is_set():
                self._make_anew()
            if not self._available.is_set():
                self._probe()

    def _serve(self, poll_or_flush: Callable[[], int]) -> None:
        """Let a producer call back, and hand over what it told."""
        try:
            poll_or_flush()
        except KafkaException as error:
            # The fatal error is raised here, and not told to error_cb. Uncaught it ended this thread: nothing was
            # acknowledged any more, and all that was submitted refused, while the gateway said that it was ready.
            self._on_error(error.args[0])
        self._hand_over()

    def _make_anew(self) -> None:
        self._out_of_order.clear()
        broken, self._producer = self._producer, self._new_producer()
        # Without this nobody would ever tell those who wait for its events.
        broken.purge()
        self._serve(functools.partial(broken.flush, _PROBE_SECONDS))

    def _probe(self) -> None:
        try:
            self._producer.list_topics(timeout=_PROBE_SECONDS)
        except KafkaException:
            self._serve(functools.partial(self._producer.poll, _PROBE_SECONDS))
        else:
            self._available.set()
