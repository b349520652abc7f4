"""The webhook topic as the sender reads it: each partition of its own from the offset that was committed."""

import logging
import time
from collections.abc import Mapping, Sequence

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from pydantic import ValidationError

from schemas.topics import WEBHOOKS
from schemas.webhooks import WebhookDelivery
from streams.due_consumer import record_of
from streams.group_member import member_settings
from streams.webhooks.waiting_room import DeliverySeen, EndReached, PartitionMoved, Seen
from transport.connection import KafkaConnection

log = logging.getLogger(__name__)

_GROUP = "sigmak-webhooks"
_BATCH = 500
_QUEUE_KIB = 16 * 1024
_FETCH_BYTES = 8 * 1024 * 1024
"""Of all partitions together: librdkafka's 50 MiB may take a slow network longer than a client waits for an answer."""
_COMMIT_SECONDS = 1.0
"""What stands between the committed offset and the end is read again by the next one, and changes nothing."""


class WebhookTopic:
    """A member of the senders' group. `read` and `close` are called by one thread at a time."""

    def __init__(self, connection: KafkaConnection) -> None:
        self._moved: list[PartitionMoved] = []
        self._committed: dict[int, int] = {}
        self._commit_after = 0.0
        self._consumer = Consumer(
            {
                **member_settings(connection, _GROUP),
                "enable.partition.eof": True,
                "queued.max.messages.kbytes": _QUEUE_KIB,
                "fetch.message.max.bytes": _FETCH_BYTES,
                "fetch.max.bytes": _FETCH_BYTES,
            }
        )
        self._consumer.subscribe([WEBHOOKS], on_revoke=self._forget, on_lost=self._forget)

    def read(self, seconds: float, finished: Mapping[int, int]) -> Sequence[Seen]:
        """What comes next, waiting up to `seconds` for the first; commits offsets first, not each time.

        Args:
            finished: partition -> the offset to read on from after this one's end.

        Raises:
            KafkaException: where the consumer can't go on.
        """
        if time.monotonic() >= self._commit_after:
            self._commit(finished)
            self._commit_after = time.monotonic() + _COMMIT_SECONDS
        seen: list[Seen] = []
        message = self._consumer.poll(seconds)
        while True:
            # One by one: a partition may move and come back within a call, which then returns its first record. Taken
            # for one from before, that was skipped, and its delivery never made.
            seen += self._moved
            self._moved.clear()
            if message is None:
                return seen
            if (found := _seen(message)) is not None:
                seen.append(found)
            if len(seen) >= _BATCH:
                return seen
            message = self._consumer.poll(0)

    def close(self, finished: Mapping[int, int]) -> None:
        """Commit and leave the group."""
        self._commit(finished)
        self._consumer.close()

    def _commit(self, finished: Mapping[int, int]) -> None:
        changed = {
            partition: offset for partition, offset in finished.items() if offset != self._committed.get(partition)
        }
        if not changed:
            return
        offsets = [TopicPartition(WEBHOOKS, partition, offset) for partition, offset in changed.items()]
        try:
            self._consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            log.warning("offsets are not committed, and what they cover is read again: %s", error)
        else:
            self._committed |= changed

    def _forget(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._moved += [PartitionMoved(moved.partition) for moved in partitions]
        for moved in partitions:
            self._committed.pop(moved.partition, None)


def _seen(message: Message) -> Seen | None:
    error = message.error()
    if error is not None:
        partition, offset = message.partition(), message.offset()
        if error.code() == KafkaError._PARTITION_EOF and partition is not None and offset is not None:
            return EndReached(partition, offset)
        if error.fatal():
            raise KafkaException(error)
        log.warning("the consumer goes on after: %s", error.str())
        return None
    record = record_of(message)
    try:
        delivery = WebhookDelivery.model_validate_json(record.value or b"")
    except ValidationError:
        log.warning(
            "skipped what is no webhook: %s, partition %s, offset %s", WEBHOOKS, record.partition, record.offset
        )
        return None
    return DeliverySeen(record.partition, record.offset, record.timestamp, record.key, delivery)
