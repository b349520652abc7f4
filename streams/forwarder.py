"""The forwarder: sends a filing event that waited for its next attempt back to the lane it came from, never early."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from schemas.dead_letters import Death
from schemas.envelope import DUE_HEADER, LANE_HEADER
from schemas.tasks import WAITING, TaskError
from schemas.topics import FILINGS_RETRIES, LANES
from streams.incoming import FilingRecord, UndecodableFiling, decode_filing
from streams.metrics import ForwarderMetrics
from streams.outcomes import Outcomes
from streams.settings import LONGEST_RETRY_DELAY
from transport.publisher import EventPublisher, EventTooLarge

log = logging.getLogger(__name__)

GROUP = "sigmak-forwarder"
TOPICS = FILINGS_RETRIES

_LOOK_SECONDS = 0.5
"""How long a stop may go unnoticed while nothing is due."""
_AT_ONCE = datetime.min.replace(tzinfo=UTC)


class Waiting(Protocol):
    """The records that wait."""

    def take(self, seconds: float) -> list[FilingRecord]:
        """Those that are due, waiting up to `seconds` for the first."""

    def commit(self, records: Sequence[FilingRecord]) -> None:
        """Have these not handed out again."""


@dataclass(frozen=True, slots=True)
class Forwarder:
    """Forwards until it is stopped.

    A record is forwarded and acknowledged before its offset is committed: a crash between the two forwards it again,
    and the worker skips or repeats that attempt as it does any event that is delivered twice.
    """

    waiting: Waiting
    events: EventPublisher
    outcomes: Outcomes
    metrics: ForwarderMetrics

    async def run(self, stop: asyncio.Event) -> None:
        """Forward what is due, until `stop` is set."""
        while not stop.is_set():
            records = await asyncio.to_thread(self.waiting.take, _LOOK_SECONDS)
            if records:
                await asyncio.gather(*map(self._forward, records))
                await asyncio.to_thread(self.waiting.commit, records)

    async def _forward(self, record: FilingRecord) -> None:
        lane = _header(record, LANE_HEADER)
        if lane not in LANES:
            # Only a worker writes here; whatever else did, its record must not stop those behind it.
            await self._set_aside(record, Death("undecodable", f"{LANE_HEADER} names no lane"))
            return
        headers = [pair for pair in record.headers if pair[0] not in (LANE_HEADER, DUE_HEADER)]
        try:
            # To the same partition: its part of the workers' Table remembers the task.
            await self.events.publish_raw(lane, record.key, record.value, headers, partition=record.partition)
        except EventTooLarge as error:
            await self._set_aside(record, Death("event_too_large", str(error)))
            return
        self.metrics.forwarded.inc()

    async def _set_aside(self, record: FilingRecord, death: Death) -> None:
        log.error("dead letter: %s, partition %s, offset %s: %s", record.topic, record.partition, record.offset, death)
        await self.outcomes.dead_letter(record, death)
        try:
            event = decode_filing(record)
        except UndecodableFiling:
            return  # no task waits for it
        await self.outcomes.failure(event, TaskError(type=death.type, message=death.message), None, WAITING)


def due_at(record: FilingRecord) -> datetime:
    """When a waiting record is due; one that does not say it is due at once, to be set aside.

    No later than the longest delay after the broker took it: by a worker's clock that was hours ahead, its partition of
    the topic stood still for everybody for as long.
    """
    try:
        due = datetime.fromisoformat(_header(record, DUE_HEADER) or "")
    except ValueError:
        return _AT_ONCE
    return min(due, record.timestamp + LONGEST_RETRY_DELAY) if due.tzinfo is not None else _AT_ONCE


def _header(record: FilingRecord, name: str) -> str | None:
    return next((value.decode(errors="replace") for each, value in record.headers if each == name), None)
