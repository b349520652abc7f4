"""A record of a topic as the consumer delivers it."""

from collections.abc import Sequence
from typing import NamedTuple, cast

from confluent_kafka import Message


class UnreadableRecord(ValueError):
    """A record that is not what its topic holds; it is passed over."""


class Record(NamedTuple):
    """One record. A tuple, since a hundred thousand are made while a gateway starts."""

    partition: int
    offset: int
    appended_at: int
    """When the broker took it, in milliseconds since 1970."""
    key: bytes
    value: bytes | None
    """None for a tombstone."""
    headers: Sequence[tuple[str, bytes | None]]

    def header(self, name: str) -> str | None:
        """A header's text; of several the last one's, and of a null one none, as in `CloudEvent`.

        Raises:
            UnreadableRecord: where it is no UTF-8.
        """
        for each, value in reversed(self.headers):
            if each == name and value is not None:
                return decoded(value)
        return None


def record_of(message: Message) -> Record:
    """The record that a message without an error is."""
    partition, offset = where(message)
    headers = cast("Sequence[tuple[str, bytes | None]]", message.headers() or ())
    return Record(partition, offset, message.timestamp()[1], message.key() or b"", message.value(), headers)


def where(message: Message) -> tuple[int, int]:
    """Partition and offset of a message."""
    partition, offset = message.partition(), message.offset()
    assert partition is not None
    assert offset is not None
    return partition, offset


def decoded(text: bytes) -> str:
    """The text.

    Raises:
        UnreadableRecord: where it is no UTF-8.
    """
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise UnreadableRecord("not UTF-8") from error
