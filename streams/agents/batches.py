"""The agent of batches and the Table behind it: what is remembered of a batch moves with its partition."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import faust

from schemas.batches import BatchOpened, MemberOutcome
from schemas.topics import BATCH_MEMBERS, BATCHES_CHANGELOG
from streams.agents.acknowledged_table import AcknowledgedTable, remembered_for
from streams.agents.delivery import add_agent
from streams.batches.batch_life import OpenedBatch
from streams.incoming import KafkaRecord


class BatchTable:
    """`BatchMemory` in a Faust Table; its methods work only inside the iteration of a stream.

    A batch's keys are its id; its id and a task's, for that one's outcome. Each is written once, whoever writes it:
    what is first is first in the partition of its events.
    """

    def __init__(self, app: faust.App, now: Callable[[], datetime], *, lane_retention: timedelta) -> None:
        self._now = now
        self._forget_after = remembered_for(lane_retention)
        self._table = AcknowledgedTable.of(app, "batches", BATCHES_CHANGELOG)

    def batch(self, batch_id: str) -> OpenedBatch | None:
        """See `BatchMemory`."""
        value = self._table.known(batch_id)
        return None if value is None else OpenedBatch(value["owner"], BatchOpened.model_validate(value["opened"]))

    async def keep_batch(self, batch_id: str, batch: OpenedBatch) -> None:
        """See `BatchMemory`."""
        await self._table.keep(batch_id, {"owner": batch.owner, "opened": batch.opened.model_dump(mode="json")})
        self._table.forget_older_than(self._now() - self._forget_after)

    def outcome(self, batch_id: str, task_id: str) -> MemberOutcome | None:
        """See `BatchMemory`."""
        value = self._table.known(f"{batch_id}/{task_id}")
        return None if value is None else MemberOutcome.model_validate(value)

    async def keep_outcome(self, batch_id: str, outcome: MemberOutcome) -> None:
        """See `BatchMemory`."""
        await self._table.keep(f"{batch_id}/{outcome.member.task_id}", outcome.model_dump(mode="json"))

    def ended(self, batch_id: str) -> frozenset[str]:
        """See `BatchMemory`."""
        beginning = f"{batch_id}/"
        return frozenset(key.removeprefix(beginning) for key in self._table.keys_beginning(beginning))

    async def acknowledged(self, batch_id: str) -> None:
        """See `BatchMemory`."""
        await self._table.acknowledged(batch_id)


def add_batch_agent(
    app: faust.App, process: Callable[[KafkaRecord], Awaitable[None]], fail_stop: Callable[[BaseException], None]
) -> None:
    """Let `process` have what is told of batches; `fail_stop`: see `add_agent`. Its partitions are the Table's."""
    add_agent(app, BATCH_MEMBERS, KafkaRecord, process, fail_stop)
