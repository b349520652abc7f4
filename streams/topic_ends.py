"""Up to which moment a topic is known to its reader: where it ended then, held against how far it was read since."""

from collections.abc import Mapping
from datetime import datetime


class TopicEnds:
    """Holds the ends that a topic had at one moment, until the reader has passed them all.

    Nothing that comes later puts that off. Whether a reader is at the end now is never sure under a steady load: some
    partition always has got a record.
    """

    def __init__(self) -> None:
        self._positions: dict[int, int] = {}
        self._ends: tuple[datetime, Mapping[int, int]] | None = None

    @property
    def unpassed(self) -> bool:
        """Whether it holds ends that were not passed yet."""
        return self._ends is not None

    def ended(self, moment: datetime, ends: Mapping[int, int]) -> None:
        """At `moment`, or later, the topic's partitions ended there; they take the place of those held before."""
        # No partition ends before what was read of it, unless the topic was made anew, or lost records. It is read from
        # its beginning then; taken for read so far, the end of a task that is on it would be taken for missing.
        anew = any(self._positions.get(partition, 0) > end for partition, end in ends.items())
        self._ends = None if anew else (moment, dict(ends))

    def read_to(self, partition: int, offset: int) -> None:
        """The reader has all that a partition has before this offset."""
        self._positions[partition] = offset

    def passed(self) -> datetime | None:
        """The moment whose ends are passed; None while they are not, and once it was told."""
        if self._ends is None:
            return None
        moment, ends = self._ends
        if any(self._positions.get(partition, 0) < end for partition, end in ends.items()):
            return None
        self._ends = None
        return moment
