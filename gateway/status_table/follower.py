"""Keeps the status table at the end of the status topic: a thread with a consumer that has no group."""

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import cast

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from gateway.status_table.end_offsets import EndOffsets, Offsets
from gateway.status_table.rows import UnreadableStatus, status_row
from gateway.status_table.table import Source, StatusRecord, StatusTable, must_rebuild
from schemas.envelope import OWNER_HEADER
from transport.connection import KafkaConnection

log = logging.getLogger(__name__)

_BATCH = 500
_POLL_SECONDS = 0.2
_IDENTITY_CHECK_SECONDS = 5.0
_RETRY_SECONDS = 1.0
_REQUEST_SECONDS = 3.0
_LOST = (KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION, KafkaError.UNKNOWN_TOPIC_OR_PART)
"""Errors that do not pass by waiting; all others are librdkafka telling that it tries again."""
_CONSUMER_QUEUE_KIB = 32 * 1024
"""librdkafka would read 64 MiB ahead, which a gateway that rebuilds would hold beside the table."""
_FETCH_BYTES = 8 * 1024 * 1024
_PARTITION_FETCH_BYTES = 256 * 1024
"""One answer of the broker is unpacked before the queue's limit is looked at: librdkafka's 50 MiB were 140 MB more. The
broker hands out a larger batch none the less, alone."""


class StatusTableBehind(Exception):
    """The table could not be brought up to the end of the topic in time."""


class _Rebuild(Exception):
    """The rows can't be continued; the text says why."""


class StatusFollower:
    """Follows the status topic into the table, and tells how far it is.

    Args:
        table: written by this follower's thread only.
        topic: the status topic.
        partitions: how many it has.
        now: the clock, in UTC.
    """

    def __init__(
        self,
        table: StatusTable,
        *,
        connection: KafkaConnection,
        topic: str,
        partitions: int,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._table, self._topic, self._partitions, self._now = table, topic, partitions, now
        self._admin = AdminClient({**connection.client_settings(), "log_level": 2})
        self._ends = EndOffsets(self._admin, topic, partitions, timeout=_REQUEST_SECONDS)
        self._consumer = Consumer(
            {
                **connection.client_settings(),
                # The client insists on a name; with assign() and no commit the broker never sees a group.
                "group.id": "sigmak-status-table",
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "error",
                "enable.partition.eof": True,
                "queued.max.messages.kbytes": _CONSUMER_QUEUE_KIB,
                "fetch.max.bytes": _FETCH_BYTES,
                "fetch.message.max.bytes": _PARTITION_FETCH_BYTES,
                "log_level": 2,
            }
        )
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._positions: Offsets = {}
        self._waiting: list[tuple[Offsets, asyncio.Future[None]]] = []
        self._fault: str | None = "the status topic was not reached yet"
        self._thread = threading.Thread(target=self._run, name="status-table", daemon=True)

    def start(self) -> None:
        """Start following."""
        self._thread.start()

    def stop(self) -> None:
        """Stop following; the table may be closed after this."""
        self._stopping.set()
        self._thread.join()
        self._consumer.close()

    def fault(self) -> str | None:
        """Why the table can't answer yet, for a person; None once it reached the end that the topic had at first."""
        return self._fault

    def lag(self) -> int:
        """How many records of the topic the table lacks, as far as the consumer has heard."""
        with self._lock:
            positions = {partition: self._positions.get(partition, 0) for partition in range(self._partitions)}
        return sum(max(0, self._heard_end(partition) - position) for partition, position in positions.items())

    def _heard_end(self, partition: int) -> int:
        watermarks = self._consumer.get_watermark_offsets(TopicPartition(self._topic, partition), cached=True)
        return 0 if watermarks is None else watermarks[1]

    async def catch_up(self) -> None:
        """Return once the table holds all that the topic held when this was called.

        Raises:
            StatusTableBehind: where Kafka does not tell its end, or the table does not get there.
        """
        loop = asyncio.get_running_loop()
        reached: asyncio.Future[None] = loop.create_future()
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                ends = await self._ends.after_now()
                with self._lock:
                    if self._behind(ends):
                        self._waiting.append((ends, reached))
                    else:
                        return
                await reached
        except (TimeoutError, KafkaException) as error:
            raise StatusTableBehind("the status table could not be brought up to date with Kafka") from error

    # From here on everything runs in the follower's thread.

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._mend()
                self._follow_or_clear()
            except Exception as error:
                # Kafka away, or the disk full: the reason is shown by /ready, and nothing is skipped on the next try.
                log.warning("the status table does not follow its topic: %s", error)
                self._fault = f"the status table does not follow its topic: {error}"
                self._stopping.wait(_RETRY_SECONDS)

    def _mend(self) -> None:
        if not self._table.takes_writes:
            # It may be begun anew: a reader would take the empty table for one that holds all.
            with self._lock:
                self._positions = {}
            self._table.mend()

    def _follow_or_clear(self) -> None:
        try:
            self._follow()
        except _Rebuild as reason:
            log.warning("rebuilding the status table: %s", reason)
            self._fault = f"the status table is rebuilt: {reason}"
            # Before the rows go: a reader would take the emptied table for one that holds all.
            with self._lock:
                self._positions = {}
            self._table.clear()

    def _follow(self) -> None:
        cluster_id, topic_id = self._identity()
        source = self._table.source()
        reason = must_rebuild(source, cluster_id=cluster_id, topic_id=topic_id, now=self._now())
        if reason is not None:
            raise _Rebuild(reason)
        offsets = dict(source.offsets) if source is not None else {}
        goal = self._ends.now()
        with self._lock:
            self._positions = {p: offsets.get(p, 0) for p in range(self._partitions)}
        self._consumer.assign(
            [TopicPartition(self._topic, p, offsets.get(p, OFFSET_BEGINNING)) for p in range(self._partitions)]
        )
        checked_at = self._now()
        while not self._stopping.is_set():
            messages = self._next_messages()
            if messages:
                self._take(messages, cluster_id, topic_id)
            if not self._behind(goal):
                self._fault = None
            if (self._now() - checked_at).total_seconds() > _IDENTITY_CHECK_SECONDS:
                checked_at = self._now()
                if self._identity() != (cluster_id, topic_id):
                    raise _Rebuild("the status topic was deleted and made anew")
                # A quiet topic does not make the table old: it would be rebuilt at the next fault.
                self._table.apply([], Source(cluster_id, topic_id, self._positions, self._now()))

    def _identity(self) -> tuple[str, str]:
        """Cluster id and topic id."""
        cluster = self._admin.list_topics(self._topic, timeout=_REQUEST_SECONDS).cluster_id
        described = self._admin.describe_topics(TopicCollection([self._topic]), request_timeout=_REQUEST_SECONDS)
        return str(cluster), str(described[self._topic].result(_REQUEST_SECONDS).topic_id)

    def _next_messages(self) -> Sequence[Message]:
        # consume() alone waits until its batch is full or its time is up: a lone status would be that much late.
        first = self._consumer.poll(_POLL_SECONDS)
        return [] if first is None else [first, *self._consumer.consume(_BATCH, timeout=0)]

    def _take(self, messages: Sequence[Message], cluster_id: str, topic_id: str) -> None:
        positions = dict(self._positions)
        records: list[StatusRecord] = []
        for message in messages:
            error = message.error()
            if error is None:
                record = self._record(message)
                if record is not None:
                    records.append(record)
                positions[_partition(message)] = _offset(message) + 1
            elif error.code() == KafkaError._PARTITION_EOF:
                # Compaction may have removed the last records: the end is further than the last one read.
                positions[_partition(message)] = _offset(message)
            elif error.code() in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):
                raise _Rebuild("the topic no longer has the offsets that the table goes on from")
            elif error.code() in _LOST:
                raise KafkaException(error)
        if positions != self._positions:
            self._table.apply(records, Source(cluster_id, topic_id, positions, self._now()))
            self._advance(positions)

    def _record(self, message: Message) -> StatusRecord | None:
        key, value = message.key(), message.value()
        try:
            task_id = _bytes(key).decode("ascii")
            if value is None:
                return StatusRecord(task_id, None)
            return StatusRecord(task_id, status_row(_bytes(value), _owner(message)))
        except (UnreadableStatus, UnicodeDecodeError):
            log.warning(
                "skipped an unreadable record of %s, partition %s, offset %s",
                self._topic,
                message.partition(),
                message.offset(),
            )
            return None

    def _behind(self, ends: Offsets) -> bool:
        return any(self._positions.get(p, 0) < end for p, end in ends.items())

    def _advance(self, positions: dict[int, int]) -> None:
        with self._lock:
            self._positions = positions
            reached = [future for ends, future in self._waiting if not self._behind(ends)]
            self._waiting = [
                (ends, future) for ends, future in self._waiting if self._behind(ends) and not future.done()
            ]
        for future in reached:
            loop = future.get_loop()
            if not loop.is_closed():
                loop.call_soon_threadsafe(_finish, future)


def _finish(future: "asyncio.Future[None]") -> None:
    if not future.done():  # its reader's deadline may have passed meanwhile
        future.set_result(None)


def _owner(message: Message) -> str | None:
    headers = cast("list[tuple[str, str | bytes | None]]", message.headers() or [])
    for name, value in headers:
        if name == OWNER_HEADER and value is not None:
            return _bytes(value).decode()
    return None


def _bytes(value: str | bytes | None) -> bytes:
    return value.encode() if isinstance(value, str) else value or b""


def _partition(message: Message) -> int:
    partition = message.partition()
    assert partition is not None
    return partition


def _offset(message: Message) -> int:
    offset = message.offset()
    assert offset is not None
    return offset
