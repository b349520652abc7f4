"""Reads what a topic holds now."""

from collections.abc import Iterator, Sequence

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from streams.due_consumer import record_of
from streams.incoming import FilingRecord
from transport.connection import KafkaConnection

_ANSWER_SECONDS = 10.0


class TopicUnreachable(ConnectionError):
    """A topic, or a record of it, can't be read; the text says why."""


class TopicRecords:
    """A topic of a Kafka; every method raises TopicUnreachable where it can't be read."""

    def __init__(self, connection: KafkaConnection, topic: str) -> None:
        self._bootstrap_servers, self._topic = connection.bootstrap_servers, topic
        self._consumer = Consumer(
            {
                **connection.client_settings(),
                # The client insists on a name; with assign() and no commit the broker never sees a group.
                "group.id": "sigmak-ops",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "fetch.message.max.bytes": 16 * 1024 * 1024,
                "log_level": 2,
            }
        )

    def records(self) -> Iterator[FilingRecord]:
        """Everything that it holds now."""
        try:
            partitions = self._partitions()
            self._consumer.assign([TopicPartition(self._topic, each, OFFSET_BEGINNING) for each in partitions])
            unread = set(partitions)
            while unread:
                message = self._next()
                error = message.error()
                if error is None:
                    yield record_of(message)
                else:
                    _raise_unless_at_end(error)
                    unread.discard(message.partition() or 0)
        except KafkaException as error:
            raise self._unreachable(error) from error

    def record(self, partition: int, offset: int) -> FilingRecord:
        """The record at a place."""
        try:
            self._consumer.assign([TopicPartition(self._topic, partition, offset)])
            message = self._next()
            if message.error() is not None or message.offset() != offset:
                raise TopicUnreachable(f"{self._topic} holds no record {partition}-{offset} any more")
            return record_of(message)
        except KafkaException as error:
            raise self._unreachable(error) from error

    def close(self) -> None:
        """Stop reading."""
        self._consumer.close()

    def _partitions(self) -> Sequence[int]:
        topic = self._consumer.list_topics(self._topic, timeout=_ANSWER_SECONDS).topics[self._topic]
        if topic.error is not None:
            raise KafkaException(topic.error)
        return sorted(topic.partitions)

    def _next(self) -> Message:
        message = self._consumer.poll(_ANSWER_SECONDS)
        if message is None:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        return message

    def _unreachable(self, error: KafkaException) -> TopicUnreachable:
        return TopicUnreachable(f"{self._topic} at {self._bootstrap_servers} can't be read: {error}")


def _raise_unless_at_end(error: KafkaError) -> None:
    if error.code() != KafkaError._PARTITION_EOF:
        raise KafkaException(error)
