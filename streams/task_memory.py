"""What the workers remember of a task, and which of its changes allow which next.

Two actors may touch one task at a time: its filing's and its cancellation's. Each change reads and marks without an
await between, and the mark is seen at once: on the event loop one comes first, and the other sees it. Only then is the
acknowledgement awaited.
"""

from dataclasses import dataclass, replace
from typing import Protocol

from streams.attempt_record import AttemptRecord
from streams.incoming import Task


class Cancelled(Exception):
    """The task's owner has cancelled it, before its effects began."""


class Attempts(Protocol):
    """The workers' memory; a partition's part of it moves with the partition."""

    def get(self, task_id: str) -> AttemptRecord | None:
        """What is remembered of a task."""

    async def put(self, task_id: str, record: AttemptRecord) -> None:
        """Remember it: `get` tells it at once, and this returns once Kafka has acknowledged it."""

    async def acknowledged(self, task_id: str) -> None:
        """Return once Kafka has acknowledged all that `get` tells of a task."""


@dataclass(frozen=True, slots=True)
class TaskMemory:
    """Changes what is remembered. A method that is awaited returns once Kafka has acknowledged the change."""

    attempts: Attempts

    def known(self, task_id: str, owner: str | None) -> AttemptRecord | None:
        """What is remembered of a task, for an event under its id.

        Nothing, where a key's event comes after an upstream's under its id: the key's PENDING was there before.
        """
        known = self.attempts.get(task_id)
        return None if known is not None and known.owner is None and owner is not None else known

    def at(self, task: Task) -> AttemptRecord:
        """What is remembered of a task, in its event's attempt or a later one."""
        known = self.known(task.task_id, task.owner) or AttemptRecord(task.owner)
        return known if known.attempt >= task.attempt else replace(known, attempt=task.attempt, starts=0)

    async def acknowledged(self, task: Task) -> None:
        """Return once what is remembered of a task is on the broker: only then may an event be skipped by it.

        A rebalance may have ended the waiting of who wrote it. Were the event committed, and this process died, what
        it was skipped by would be known to nobody.
        """
        await self.attempts.acknowledged(task.task_id)

    async def start(self, task: Task) -> None:
        """Count a start."""
        known = self.at(task)
        await self._change(task, replace(known, starts=known.starts + 1))

    async def take_back_start(self, task: Task) -> None:
        """Count one start less."""
        known = self.at(task)
        await self._change(task, replace(known, starts=known.starts - 1))

    async def begin_storing(self, task: Task) -> None:
        """From here on the task can't be cancelled.

        Raises:
            Cancelled: where it was, before this.
        """
        known = self.at(task)
        if known.to_be_cancelled:
            raise Cancelled
        if not known.storing:
            await self._change(task, replace(known, storing=True))

    async def next_attempt(self, task: Task, *, stored_before: bool) -> None:
        """Let the task wait for its next attempt.

        Args:
            stored_before: whether a start before this one may have stored. This one has not: what it needs was away.
        """
        known = self.at(task)
        await self._change(task, replace(known, attempt=task.attempt + 1, starts=0, storing=stored_before))

    async def end(self, task: Task) -> None:
        """The task has ended."""
        await self._change(task, AttemptRecord(task.owner, self.at(task).attempt, ended=True))

    async def ask_to_cancel(self, task: Task) -> None:
        """The task's owner wants it to end."""
        await self._change(task, replace(self.at(task), cancelled=True))

    async def _change(self, task: Task, record: AttemptRecord) -> None:
        known = self.attempts.get(task.task_id)
        # A key's cancellation may have come while an upstream's event under the id of its task was in work.
        if known is None or known.owner is None or known.owner == task.owner:
            await self.attempts.put(task.task_id, record)
