"""A topic of statuses, of tasks or of batches, as the janitor reads it: from its beginning, without a group."""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import cast

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas.batches import BatchHead
from schemas.envelope import OWNER_HEADER
from schemas.tasks import StatusHead, StatusOrder
from schemas.topics import BATCHES, TASKS
from streams.lifetimes import StatusSeen
from streams.topic_ends import TopicEnds
from transport.connection import KafkaConnection
from transport.partition_ends import ends_now

log = logging.getLogger(__name__)

_BATCH = 500
_QUEUE_KIB = 32 * 1024
_FETCH_BYTES = 8 * 1024 * 1024
"""Of all partitions together: librdkafka's 50 MiB may take a slow network longer than a client waits for an answer."""

_FETCH_MIN_BYTES = 1024 * 1024
"""The broker waits for as much, or half a second: answered at each status, the janitor took a tenth of the processor
time that a task without work costs all processes together."""

_ASK_SECONDS = 1.0
"""Between the passing of the topic's ends and the next question for them: nothing is due by the second."""
_AWAIT_SECONDS = 30.0
"""Ends that are not passed by then are asked for anew: those of a topic that was deleted would be awaited for ever."""
_ANSWER_SECONDS = 3.0


def _of_tasks(value: bytes) -> tuple[StatusOrder, bytes]:
    """The order of a task's status, and the status where the task may have to be ended for it."""
    order = StatusHead.model_validate_json(value).order
    return order, b"" if order.ended else value


def _of_batches(value: bytes) -> tuple[StatusOrder, bytes]:
    """The order of a batch's status; it ends with its last member, and never by itself."""
    return BatchHead.model_validate_json(value).order, b""


_READ: dict[str, Callable[[bytes], tuple[StatusOrder, bytes]]] = {TASKS: _of_tasks, BATCHES: _of_batches}


class StatusTopicReader:
    """Reads every record of every partition of `TASKS` or `BATCHES`, in each partition's order.

    Attributes:
        known_until: the moment whose records, and all before, the last look completed; None where it completed none.
    """

    def __init__(
        self, connection: KafkaConnection, topic: str, *, partitions: int, now: Callable[[], datetime]
    ) -> None:
        self._topic, self._partitions, self._now = topic, partitions, now
        self.known_until: datetime | None = None
        self._ends = TopicEnds()
        self._ask_after = 0.0
        self._answered = True
        self._consumer = Consumer(
            {
                **connection.client_settings(),
                # The client insists on a name; with assign() and no commit the broker never sees a group.
                "group.id": "sigmak-janitor",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "enable.partition.eof": True,
                "queued.max.messages.kbytes": _QUEUE_KIB,
                "fetch.message.max.bytes": _FETCH_BYTES,
                "fetch.max.bytes": _FETCH_BYTES,
                "fetch.min.bytes": _FETCH_MIN_BYTES,
                "log_level": 2,
            }
        )
        self._consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in range(partitions)])

    def read(self, seconds: float) -> Sequence[StatusSeen]:
        """The next records, waiting up to `seconds` for the first.

        Raises:
            KafkaException: where the consumer can't go on.
        """
        if time.monotonic() >= self._ask_after:
            self._ask()
        first = self._consumer.poll(seconds)
        messages = [] if first is None else [first, *self._consumer.consume(_BATCH, timeout=0)]
        read = [seen for message in messages if (seen := self._seen(message)) is not None]
        self.known_until = self._ends.passed()
        if self.known_until is not None:
            self._ask_after = time.monotonic() + _ASK_SECONDS
        return read

    def close(self) -> None:
        """Stop reading."""
        self._consumer.close()

    def _ask(self) -> None:
        """Learn where the topic ends now."""
        # Before the question: what comes while it is out may lie behind the answer.
        moment = self._now()
        try:
            ends = ends_now(self._consumer, self._topic, partitions=self._partitions, timeout=_ANSWER_SECONDS)
            self._ends.ended(moment, ends)
        except KafkaException as error:
            # Once: while Kafka is away each question fails, every second.
            if self._answered:
                log.warning("where %s ends is not known, and nothing is deleted until it is: %s", self._topic, error)
            self._answered = False
        else:
            self._answered = True
        self._ask_after = time.monotonic() + (_AWAIT_SECONDS if self._ends.unpassed else _ASK_SECONDS)

    def _seen(self, message: Message) -> StatusSeen | None:
        error, partition, offset = message.error(), message.partition(), message.offset()
        if error is not None:
            if error.code() == KafkaError._PARTITION_EOF and partition is not None and offset is not None:
                # Compaction may have removed the last records: the end is further than the last one read.
                self._ends.read_to(partition, offset)
            elif error.fatal():
                raise KafkaException(error)
            return None
        if partition is not None and offset is not None:
            self._ends.read_to(partition, offset + 1)
        value = _bytes(message.value())
        try:
            owner = _owner(message)
            task_id = (_bytes(message.key()) or b"").decode("ascii")
            order, kept = (None, b"") if value is None else _READ[self._topic](value)
        except ValueError:
            log.warning("skipped an unreadable record of %s, partition %s, offset %s", self._topic, partition, offset)
            return None
        appended_at = datetime.fromtimestamp(message.timestamp()[1] / 1000, tz=UTC)
        return StatusSeen(task_id, order, appended_at, owner, kept)


def _owner(message: Message) -> str | None:
    headers = cast("list[tuple[str, str | bytes | None]]", message.headers() or [])
    found = next((value for name, value in headers if name == OWNER_HEADER), None)
    return found.decode() if isinstance(found, bytes) else found


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
