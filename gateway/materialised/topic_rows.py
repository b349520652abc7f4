"""What a topic is to the gateway: how its records become rows. The place to extend where a further topic is wanted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from gateway.materialised.records import Record

Item = TypeVar("Item")
"""A record of the topic, decoded."""
News = TypeVar("News")
"""What those who wait for a change are told of it."""


class Held(Protocol):
    """What the database holds, before the records in hand."""

    def get(self, key: bytes) -> bytes | None:
        """The value of a key."""

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """The values of keys, in their order; much quicker than one by one."""

    def keys(self, first: bytes, end: bytes) -> Iterator[bytes]:
        """The keys from `first`, up to and without `end`, in order."""


@dataclass(frozen=True, slots=True)
class Changes(Generic[News]):
    """What records change: all of it is on disk, with the offsets behind the records, or none.

    Attributes:
        writes: key -> its new value, or None to delete it.
        news: subject -> what happened to it, in order.
    """

    writes: Mapping[bytes, bytes | None]
    news: Sequence[tuple[str, News]] = field(default=())


class TopicRows(Protocol[Item, News]):
    """One topic's records as rows. Pure but for `told`: what it knows is in the rows.

    Attributes:
        topic: its name.
        prefix: all of its keys begin with this, and no other topic's do. `prefix + b"source"` is the follower's.
        version: of the rows' format; rows of another one are rebuilt from the topic.
        continued_for: rows that were written longer ago are rebuilt; None where they can always be continued.
    """

    @property
    def topic(self) -> str: ...  # noqa: D102, see above

    @property
    def prefix(self) -> bytes: ...  # noqa: D102

    @property
    def version(self) -> int: ...  # noqa: D102

    @property
    def continued_for(self) -> timedelta | None: ...  # noqa: D102

    def read(self, record: Record) -> Item:
        """Decode a record.

        Raises:
            UnreadableRecord: where it is none of this topic's; it is logged and passed over.
        """

    def fold(self, items: Sequence[Item], held: Held, now: datetime) -> Changes[News]:
        """What these records change, in the order of their partitions; also asked for none, every few seconds."""

    def told(self, news: Sequence[tuple[str, News]]) -> None:
        """The changes with these news are on disk, so that a reader finds them. Called in the follower's thread."""
