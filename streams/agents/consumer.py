"""A Faust consumer that neither loses nor reorders filing events, and commits only what we acknowledged."""

import asyncio
import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

from faust.transport.consumer import RecordMap
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer
from faust.types import TP, Message

from streams.agents.first_connection import connect_patiently
from streams.progress import Partition, Position

_LOOK_AGAIN_SECONDS = 0.02
"""While some buffers are full, the others are waited for no longer: the events of a full one are soon through.
With Faust's second, workers of small filings were idle for half of their time."""


class _PatientOneByOne(AIOKafkaConsumerThread):
    """Connects as soon as Kafka is there, and takes one record at a time of what was fetched from the lanes.

    Faust hands on what it has taken before it looks further, and waits where a partition's buffer is full: of five
    hundred small filings in one fetch nearly all had to be worked on before a priority filing was looked at. After one
    record a full partition is found out before the next is taken, and nobody waits for it.
    """

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        connect_patiently(consumer._client, lambda: self.should_stop)  # noqa: SLF001, it has no other name
        return consumer

    async def _fetch_records(
        self, consumer: Any, active_partitions: set[TP], timeout: float | None = None, max_records: int | None = None
    ) -> RecordMap:
        # A Table's changelog is read as fast as can be: nothing of it waits in a buffer.
        at_once = max_records if self.app.in_recovery else 1
        return await super()._fetch_records(consumer, active_partitions, timeout=timeout, max_records=at_once)


class ExplicitAckConsumer(Consumer):
    """Delivers each partition in its order, and commits what `acknowledge` was told.

    Six habits of Faust's lose filings around rebalances, and are replaced (docs/decisions/0002):
      1. it acknowledges an event when its agent raises or is cancelled;
      2. it commits past an unacknowledged event where that event's offset is the committed one;
      3. it drops messages below the last offset it has read, which a rebalance may leave standing;
      4. it fetches while it seeks to the committed offsets, then empties its queues: what was fetched is gone;
      5. for the same reason a later message may come before an earlier one;
      6. it drops what it fetched of a paused partition. It does fetch of those: a request names the set of active
         partitions, which a pause empties meanwhile, and an empty set asks for all. Its seek to the committed offsets
         may come before that, and does nothing where none is committed: the filing waits for the next rebalance.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._finished: dict[TP, int] = {}
        self._expected: dict[TP, int] = {}
        self._sought_for: dict[TP, int] = {}
        self._resumed_with_flow: set[TP] = set()
        self._room = asyncio.Event()
        self._read_offset = _NothingRead()

    def _new_consumer_thread(self) -> AIOKafkaConsumerThread:
        return _PatientOneByOne(self, loop=self.loop, beacon=self.beacon)

    def ack(self, message: Message) -> bool:
        """Ignore Faust's acknowledgement."""
        return False

    def acknowledge(self, message: Message) -> bool:
        """Allow all up to this message to be committed; False where it was delivered before the last rebalance.

        Such a message was, or will be, delivered again: its offset belongs to who has the partition now. An actor
        takes its partition's messages one after another, so the last one acknowledged is all there is to know.
        """
        if message.generation_id != self.app.consumer_generation_id:
            return False
        self._finished[message.tp] = max(message.offset + 1, self._finished.get(message.tp, 0))
        return True

    async def is_next(self, message: Message) -> bool:
        """Whether no message of its partition is missing before this one; else they are fetched again, with this one.

        Offsets may have holes (an upstream's transactions leave some): what comes again after the fetch is next.
        """
        partition, offset = message.tp, message.offset
        if message.generation_id != self.app.consumer_generation_id:
            return False
        expected = self._expected.get(partition, self._committed_offset[partition] or 0)
        if offset > expected and self._sought_for.get(partition) != offset:
            # Until it comes again, those behind it are not next either; they must not each seek.
            if partition not in self._sought_for:
                self._sought_for[partition] = offset
                await self.seek(partition, expected)
            return False
        self._sought_for.pop(partition, None)
        self._expected[partition] = max(offset + 1, expected)
        return True

    async def positions(self) -> dict[Partition, Position]:
        """How far each partition is that this worker has, changelogs aside, asked from the broker."""
        wanted = [partition for partition in self.assignment() if not self._is_changelog_tp(partition)]
        if not wanted:
            return {}
        done = {each: self._finished.get(each, self._committed_offset[each]) for each in wanted}
        begun = [each for each in wanted if done[each] is None]
        beginnings = await self.earliest_offsets(*begun) if begun else {}
        ends = await self.highwaters(*wanted)
        reached = {each: beginnings[each] if offset is None else offset for each, offset in done.items()}
        return {
            (each.topic, each.partition): Position(reached[each], max(0, ends[each] - reached[each])) for each in wanted
        }

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Forget what was delivered and acknowledged: it is committed by now, or delivered again."""
        await super().on_partitions_revoked(revoked)
        for partition in revoked:
            for memory in (self._finished, self._expected, self._sought_for):
                memory.pop(partition, None)
        self._resumed_with_flow.difference_update(revoked)

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        """Fetch from partitions again; from the lanes' only when the flow is resumed, after the seek."""
        lanes = {tp for tp in tps if not self._is_changelog_tp(tp)}
        self._resumed_with_flow |= lanes
        super().resume_partitions(set(tps) - lanes)

    async def _wait_next_records(self, timeout: float) -> tuple[RecordMap | None, set[TP] | None]:
        if self.flow_active and self._buffered_partitions and not self._get_active_partitions():
            # All buffers are full. Faust would sleep for a second, in which they may have run dry.
            self._room.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._room.wait(), timeout)
            return {}, set()
        if self._buffered_partitions:
            timeout = min(timeout, _LOOK_AGAIN_SECONDS)
        records, active = await super()._wait_next_records(timeout)
        for partition, dropped in (records or {}).items():
            if active is not None and partition not in active and partition in self.assignment():
                await self.seek(partition, dropped[0].offset)
        return records, active

    def on_buffer_drop(self, tp: TP) -> None:
        """A partition's buffer has room again."""
        super().on_buffer_drop(tp)
        self._room.set()

    def pause_partitions(self, tps: Iterable[TP]) -> None:
        """Stop fetching from partitions."""
        self._resumed_with_flow.difference_update(tps)
        super().pause_partitions(tps)

    def resume_flow(self) -> None:
        """Let messages through, those of the lanes included."""
        super().resume_flow()
        super().resume_partitions(self._resumed_with_flow)
        self._resumed_with_flow.clear()

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        return (tp for tp in list(self._finished) if topics is None or tp in topics or tp.topic in topics)

    def _new_offset(self, tp: TP) -> int | None:
        return self._finished.get(tp)


class _NothingRead(dict[TP, int | None]):
    """Stands where Faust remembers what it has read, and remembers nothing.

    Its loop may write an offset of before a rebalance after the partition was reset to the committed one.
    """

    def __getitem__(self, partition: TP) -> None:
        return None

    def __setitem__(self, partition: TP, offset: int | None) -> None:
        pass

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Remember nothing."""
