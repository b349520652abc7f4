"""Reads the dead-letter topic."""

from collections.abc import Iterator, Sequence

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas.topics import FILINGS_DEAD
from streams.due_consumer import record_of
from streams.incoming import FilingRecord
from transport.connection import KafkaConnection

_ANSWER_SECONDS = 10.0


class DeadTopicUnreachable(ConnectionError):
    """The dead-letter topic, or a record of it, can't be read."""


class DeadTopic:
    """The dead-letter topic of a Kafka; every method raises DeadTopicUnreachable where it can't be read."""

    def __init__(self, connection: KafkaConnection) -> None:
        self._bootstrap_servers = connection.bootstrap_servers
        self._consumer = Consumer(
            {
                **connection.client_settings(),
                # The client insists on a name; with assign() and no commit the broker never sees a group.
                "group.id": "sigmak-dead",
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
            self._consumer.assign([TopicPartition(FILINGS_DEAD, each, OFFSET_BEGINNING) for each in partitions])
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
            self._consumer.assign([TopicPartition(FILINGS_DEAD, partition, offset)])
            message = self._next()
            if message.error() is not None or message.offset() != offset:
                raise DeadTopicUnreachable(f"{FILINGS_DEAD} holds no record {partition}-{offset} any more")
            return record_of(message)
        except KafkaException as error:
            raise self._unreachable(error) from error

    def close(self) -> None:
        """Stop reading."""
        self._consumer.close()

    def _partitions(self) -> Sequence[int]:
        topic = self._consumer.list_topics(FILINGS_DEAD, timeout=_ANSWER_SECONDS).topics[FILINGS_DEAD]
        if topic.error is not None:
            raise KafkaException(topic.error)
        return sorted(topic.partitions)

    def _next(self) -> Message:
        message = self._consumer.poll(_ANSWER_SECONDS)
        if message is None:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        return message

    def _unreachable(self, error: KafkaException) -> DeadTopicUnreachable:
        return DeadTopicUnreachable(f"{FILINGS_DEAD} at {self._bootstrap_servers} can't be read: {error}")


def _raise_unless_at_end(error: KafkaError) -> None:
    if error.code() != KafkaError._PARTITION_EOF:
        raise KafkaException(error)
