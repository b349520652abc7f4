"""What is remembered of a task, and how it is put together from what each worker remembered.

Nothing keeps a worker that has lost a partition from writing once more: a record that was on its way when its network
broke comes to stand behind those of the partition's next worker. So no worker writes over another's record, and from
all of them together follows the same, in whatever order they came.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """What is remembered of a task.

    Attributes:
        starts: of this attempt, without an end.
        ended: whether the task has ended.
        cancelled: whether its owner asked for it to end.
        storing: whether a start of it has begun to store, whose outcome nobody may know: it is too late to cancel.
    """

    owner: str | None = None
    attempt: int = 1
    starts: int = 0
    ended: bool = False
    cancelled: bool = False
    storing: bool = False

    @property
    def to_be_cancelled(self) -> bool:
        """Whether the task has to end in CANCELLED."""
        return self.cancelled and not self.storing and not self.ended


def together(parts: Iterable[AttemptRecord]) -> AttemptRecord | None:
    """What all workers remember of one task, from what each does.

    An end is final, and so is a cancellation's wish; a later attempt begins a new count of starts, and knows anew
    whether it may have stored. Nothing that was remembered of an upstream's event counts beside a key's task.
    """
    parts = list(parts)
    if not parts:
        return None
    owner = next((part.owner for part in parts if part.owner is not None), None)
    parts = [part for part in parts if part.owner == owner]
    attempt = max(part.attempt for part in parts)
    newest = [part for part in parts if part.attempt == attempt]
    return AttemptRecord(
        owner,
        attempt,
        starts=sum(part.starts for part in newest),
        ended=any(part.ended for part in parts),
        cancelled=any(part.cancelled for part in parts),
        storing=any(part.storing for part in newest),
    )


def part_of(record: AttemptRecord, others: AttemptRecord | None) -> AttemptRecord:
    """A worker's part, with which all is `record` together with what the others remember."""
    if others is None or (others.owner, others.attempt) != (record.owner, record.attempt):
        return record
    return replace(record, starts=record.starts - others.starts)
