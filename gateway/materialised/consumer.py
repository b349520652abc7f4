"""The one consumer behind all rows: without a group, from given offsets, in small bites."""

from collections.abc import Mapping, Sequence

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from gateway.materialised.end_offsets import Offsets
from gateway.materialised.leaders import learn_leaders
from transport.connection import KafkaConnection

_BATCH = 100
"""So few stay in the processor's cache from their bytes to their rows: with 500 a status took an eighth longer."""
_BATCH_BYTES = 4 * 1024 * 1024
_AT_ONCE = 20
"""A batch is in memory thrice, as it came, as rows and as what is written: 500 results of 300 KB were 100 MB more."""
_POLL_SECONDS = 0.2
_REQUEST_SECONDS = 3.0
_QUEUE_KIB = 16 * 1024
"""librdkafka would read 64 MiB ahead, which a gateway that rebuilds would hold beside the table."""
_QUEUE_FULL_MS = 10
"""With a full queue librdkafka waits a second before it fetches more; the queue was empty long before."""
_FETCH_WAIT_MS = 100
"""How long the broker holds a request that it has nothing for. The first may be of partitions at their end only, and
those with records wait for its answer: half a second by default."""
_FETCH_BYTES = 8 * 1024 * 1024
_PARTITION_FETCH_BYTES = 256 * 1024
"""One answer of the broker is unpacked before the queue's limit is looked at: librdkafka's 50 MiB were 140 MB more. The
broker hands out a larger batch none the less, alone."""


class TopicsConsumer:
    """Reads several topics from where it is told to."""

    def __init__(self, connection: KafkaConnection) -> None:
        self._consumer = Consumer(
            {
                **connection.client_settings(),
                # The client insists on a name; with assign() and no commit the broker never sees a group.
                "group.id": "sigmak-status-table",
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "error",
                "enable.partition.eof": True,
                "queued.max.messages.kbytes": _QUEUE_KIB,
                "fetch.queue.backoff.ms": _QUEUE_FULL_MS,
                "fetch.wait.max.ms": _FETCH_WAIT_MS,
                "fetch.max.bytes": _FETCH_BYTES,
                "fetch.message.max.bytes": _PARTITION_FETCH_BYTES,
                "log_level": 2,
            }
        )

    def assign(self, offsets: Mapping[str, Offsets]) -> None:
        """Read these partitions of these topics from these offsets, 0 being the beginning, wherever that is now.

        Raises:
            KafkaException: where the broker does not tell where that is.
        """
        for topic in offsets:
            learn_leaders(self._consumer, topic, timeout=_REQUEST_SECONDS)
        self._consumer.assign(
            [
                TopicPartition(topic, partition, offset or self._beginning(topic, partition))
                for topic, partitions in offsets.items()
                for partition, offset in partitions.items()
            ]
        )

    def _beginning(self, topic: str, partition: int) -> int:
        # OFFSET_BEGINNING says the same, but librdkafka asks for it half a second later, or a second.
        watermarks = self._consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=_REQUEST_SECONDS)
        if watermarks is None:
            raise KafkaException(KafkaError(KafkaError.REQUEST_TIMED_OUT))
        return watermarks[0]

    def next(self) -> Sequence[Message]:
        """What came, errors included; waits a moment for the first."""
        # consume() alone waits until its batch is full or its time is up: a lone status would be that much late.
        first = self._consumer.poll(_POLL_SECONDS)
        messages = [] if first is None else [first]
        size = 0
        while messages and len(messages) < _BATCH and size < _BATCH_BYTES:
            more = self._consumer.consume(_AT_ONCE, timeout=0)
            if not more:
                break
            messages += more
            size += sum(map(len, more))
        return messages

    def heard_end(self, topic: str, partition: int) -> int:
        """Where a partition ends, as far as the broker has told by the way."""
        watermarks = self._consumer.get_watermark_offsets(TopicPartition(topic, partition), cached=True)
        return 0 if watermarks is None else watermarks[1]

    def close(self) -> None:
        """Stop reading."""
        self._consumer.close()
