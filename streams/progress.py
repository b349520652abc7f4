"""Whether each partition moves: what waits in it, since when, and which ones are stuck."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from streams.incoming import FilingRecord

Partition = tuple[str, int]
"""A topic and a partition's number."""


@dataclass
class HeadsInHand:
    """The events that the agents were given and have not ended: one a partition, its oldest."""

    _appended_at: dict[Partition, datetime] = field(default_factory=dict)

    def began(self, record: FilingRecord) -> None:
        """An event was given to its partition's actor."""
        self._appended_at[record.topic, record.partition] = record.timestamp

    def ended(self, record: FilingRecord) -> None:
        """It is ended, or handed back."""
        self._appended_at.pop((record.topic, record.partition), None)

    def oldest(self, lane: str) -> datetime | None:
        """When the oldest of a lane was put on it; None where none is in hand."""
        return min((time for (topic, _), time in list(self._appended_at.items()) if topic == lane), default=None)


@dataclass(frozen=True, slots=True)
class _Standstill:
    done: int
    since: float


class StuckWatch:
    """Finds partitions in which events wait and none ends.

    Args:
        after: seconds without progress. Longer than a partition's turn takes: it waits for as many filings as there
            are partitions with work.
        clock: monotonic, in seconds.
    """

    def __init__(self, after: float, clock: Callable[[], float]) -> None:
        self._after, self._clock = after, clock
        self._standstills: dict[Partition, _Standstill] = {}

    def observe(self, positions: Mapping[Partition, "Position"]) -> dict[Partition, float]:
        """Take in how far each partition is now; returns the stuck ones and for how many seconds they stand still."""
        now = self._clock()
        standstills = {
            partition: self._standstill(partition, position, now)
            for partition, position in positions.items()
            if position.lag > 0
        }
        self._standstills = standstills
        return {
            partition: now - standstill.since
            for partition, standstill in standstills.items()
            if now - standstill.since >= self._after
        }

    def _standstill(self, partition: Partition, position: "Position", now: float) -> _Standstill:
        earlier = self._standstills.get(partition)
        return earlier if earlier is not None and earlier.done == position.done else _Standstill(position.done, now)


@dataclass(frozen=True, slots=True)
class Position:
    """How far a partition is: the offset behind the last event that ended, and how many are after it."""

    done: int
    lag: int
