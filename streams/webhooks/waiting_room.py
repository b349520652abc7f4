"""The deliveries that are not ended, as the topic tells them, and which of them to attempt now.

Each partition is folded: of a delivery's states the greatest counts, whatever the order in which attempts end. All that
is known here stands on the topic from the lowest offset on that an open delivery has, which is what is committed. So
whoever reads on from there knows the same, and one that waits for hours holds up no other.
"""

import heapq
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from schemas.webhooks import WebhookDelivery
from streams.webhooks.shares import Shares

_AT_ONCE = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class DeliverySeen:
    """One record of the topic: a state of a delivery, and where it stands."""

    partition: int
    offset: int
    appended_at: datetime
    key: bytes | None
    delivery: WebhookDelivery


@dataclass(frozen=True, slots=True)
class EndReached:
    """All that a partition held was read; `offset` is that of its next record."""

    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class PartitionMoved:
    """A partition belongs to another member of the group."""

    partition: int


Seen = DeliverySeen | EndReached | PartitionMoved


@dataclass(slots=True)
class _Partition:
    position: int
    open: "OrderedDict[int, str]" = field(default_factory=OrderedDict)
    """Offset -> id of the open deliveries, the lowest first: they are met in this order."""
    end_reached: bool = False


@dataclass(slots=True)
class _Open:
    seen: DeliverySeen
    receiver: str
    in_hand: bool = False
    """It was handed out, and what became of it has not come back from the topic."""

    @property
    def due_at(self) -> datetime:
        return self.seen.delivery.due_at or _AT_ONCE


_Due = tuple[datetime, int, int, str]
"""When, then partition and offset, which tell an entry that is out of date, and the delivery's id."""


class WaitingRoom:
    """Holds open deliveries in memory, and hands out each state of one once.

    Nothing of a partition is handed out before its end was reached: what ended it may stand behind it.
    """

    def __init__(self, shares: Shares) -> None:
        self._shares = shares
        self._open: dict[str, _Open] = {}
        self._partitions: dict[int, _Partition] = {}
        self._queues: OrderedDict[str, list[_Due]] = OrderedDict()

    def observe(self, seen: Seen) -> None:
        """Take in what was read, in its order."""
        match seen:
            case DeliverySeen():
                self._observe_delivery(seen)
            case EndReached(partition, offset):
                known = self._partitions.setdefault(partition, _Partition(offset))
                known.position = offset
                if not known.end_reached:
                    known.end_reached = True
                    for webhook_id in known.open.values():
                        self._enqueue(self._open[webhook_id])
            case PartitionMoved(partition):
                moved = self._partitions.pop(partition, _Partition(0))
                for webhook_id in moved.open.values():
                    del self._open[webhook_id]

    def take(self, now: datetime) -> list[DeliverySeen]:
        """Those that are due and whose receivers have room, by turns of the receivers."""
        taken: list[DeliverySeen] = []
        for receiver in list(self._queues):
            queue = self._queues[receiver]
            while queue and queue[0][0] <= now and self._shares.begin(receiver):
                found = self._still_waits(heapq.heappop(queue))
                if found is None:
                    self._shares.withdraw(receiver)
                    continue
                found.in_hand = True
                taken.append(found.seen)
                self._queues.move_to_end(receiver)
            if not queue:
                del self._queues[receiver]
        return taken

    def finished(self) -> Mapping[int, int]:
        """Partition -> the offset to read on from: the lowest that an open delivery has."""
        return {
            number: next(iter(partition.open), partition.position) for number, partition in self._partitions.items()
        }

    def waiting(self) -> int:
        """How many deliveries are open."""
        return len(self._open)

    def overdue(self, now: datetime) -> float:
        """Seconds since the oldest that was not handed out became due; 0 where none is."""
        heads = [entry for queue in list(self._queues.values()) if (entry := self._still_waits(queue[0]))]
        since = [entry.seen.delivery.due_at or entry.seen.appended_at for entry in heads]
        return max([0.0, *((now - due_at).total_seconds() for due_at in since)])

    def _observe_delivery(self, seen: DeliverySeen) -> None:
        partition = self._partitions.setdefault(seen.partition, _Partition(seen.offset))
        partition.position = seen.offset + 1
        delivery = seen.delivery
        earlier = self._open.get(delivery.webhook_id)
        if earlier is not None:
            if delivery.order <= earlier.seen.delivery.order:
                return
            self._partitions[earlier.seen.partition].open.pop(earlier.seen.offset, None)
            del self._open[delivery.webhook_id]
        if delivery.outcome is None:
            entry = self._open[delivery.webhook_id] = _Open(seen, delivery.receiver)
            partition.open[seen.offset] = delivery.webhook_id
            if partition.end_reached:
                self._enqueue(entry)

    def _enqueue(self, entry: _Open) -> None:
        due: _Due = (entry.due_at, entry.seen.partition, entry.seen.offset, entry.seen.delivery.webhook_id)
        heapq.heappush(self._queues.setdefault(entry.receiver, []), due)

    def _still_waits(self, due: _Due) -> _Open | None:
        _, partition, offset, webhook_id = due
        entry = self._open.get(webhook_id)
        current = entry is not None and (entry.seen.partition, entry.seen.offset) == (partition, offset)
        return entry if current and entry is not None and not entry.in_hand else None
