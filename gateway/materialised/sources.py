"""Where a topic's rows come from, and how far they go; kept beside the rows, and written with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

import orjson


@dataclass(frozen=True, slots=True)
class Source:
    """Which topic the rows come from, how far they go, and the version of their format."""

    cluster_id: str
    topic_id: str
    offsets: Mapping[int, int]
    """Partition -> offset of the next record to read."""
    written_at: datetime
    version: int

    def encode(self) -> bytes:
        """The source as JSON."""
        offsets = {str(partition): offset for partition, offset in self.offsets.items()}
        return orjson.dumps([self.version, self.cluster_id, self.topic_id, offsets, self.written_at])

    @classmethod
    def decode(cls, raw: bytes) -> Self:
        """The inverse of `encode`."""
        version, cluster_id, topic_id, offsets, written_at = orjson.loads(raw)
        numbers = {int(partition): offset for partition, offset in offsets.items()}
        return cls(cluster_id, topic_id, numbers, datetime.fromisoformat(written_at), version)


def source_key(prefix: bytes) -> bytes:
    """Where the source of a topic's rows is kept."""
    return prefix + b"source"


def must_rebuild(
    source: Source | None,
    *,
    cluster_id: str,
    topic_id: str,
    version: int,
    continued_for: timedelta | None,
    now: datetime,
) -> str | None:
    """Why stored rows can't be continued from the topic as it is now, or None where they can."""
    if source is None:
        return None
    if source.version != version:
        return "it is in the format of another version"
    if source.cluster_id != cluster_id:
        return "it was made from another Kafka cluster"
    if source.topic_id != topic_id:
        return "the topic was deleted and made anew"
    if continued_for is not None and now - source.written_at > continued_for:
        return "it is so old that tombstones may have passed it by"
    return None
