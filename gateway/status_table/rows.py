"""One row of the status table: its head, which decides and is found and listed, and the status as it came.

A status with a result may have megabytes; it stands apart, so that neither the next status of its task nor a listing
reads it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import orjson

from gateway.materialised.records import UnreadableRecord
from gateway.status_table.facts import Facts, facts_of
from schemas.labels import Labels
from schemas.tasks import StatusOrder, TaskState, status_order

_RESULT, _NO_RESULT, _BEHIND_RESULT = b'"result":{', b'"result":null', b',"error":'
_MARKER = b"["
"""Before a tombstone's time; an owner is a text or null."""


class StatusRow(NamedTuple):
    """A task's newest status. A tuple, since a hundred thousand are made while a gateway starts.

    Attributes:
        summary: the status event's data without its result.
        body: the data as it came, which is also the answer to a reader; `summary` itself where there is no result.
    """

    order: StatusOrder
    owner: str | None
    state: TaskState
    ticker: str
    submitted_at: datetime
    ended_at: datetime | None
    labels: Labels
    summary: bytes
    body: bytes

    def encode_head(self) -> bytes:
        """All but the body: the owner as a line of JSON, then the summary, which tells the rest."""
        return orjson.dumps(self.owner) + b"\n" + self.summary

    def encode_result(self) -> bytes | None:
        """The body, where it has a result."""
        return None if self.body is self.summary else self.body


@dataclass(frozen=True, slots=True)
class EndedMarker:
    """What stays of a task after its tombstone, so that a zombie's late status does not bring it back."""

    tombstoned_at: datetime

    def encode_head(self) -> bytes:
        """The marker as bytes."""
        return orjson.dumps([self.tombstoned_at])


Row = StatusRow | EndedMarker


def status_row(value: bytes, owner: str | None) -> StatusRow:
    """The row of a status event's data.

    Raises:
        UnreadableRecord: where the data is no task status.
    """
    cut = _with_result_cut_out(value)
    if cut is not None:
        try:
            return _row(facts_of(cut), owner, cut, value)
        except UnreadableRecord:
            pass  # cut elsewhere, in a text or a label: a bracket is left without its other half
    facts = facts_of(value)
    return _row(facts, owner, _without_result(value) if facts.status is TaskState.SUCCESS else value, value)


def _row(facts: Facts, owner: str | None, summary: bytes, body: bytes) -> StatusRow:
    order = status_order(facts.status, facts.attempt, facts.progress.current)
    return StatusRow(
        order, owner, facts.status, facts.ticker, facts.submitted_at, facts.ended_at, facts.labels, summary, body
    )


def _with_result_cut_out(value: bytes) -> bytes | None:
    """The data without its result, where that stands as our models write it: to parse it was half of a start."""
    start, end = value.find(_RESULT), value.rfind(_BEHIND_RESULT)
    return value[:start] + _NO_RESULT + value[end:] if 0 <= start < end else None


def _without_result(value: bytes) -> bytes:
    status = orjson.loads(value)
    return orjson.dumps({**status, "result": None}) if status.get("result") is not None else value


def decode_row(head: bytes, result: bytes | None) -> Row:
    """The inverse of the `encode` methods; of a head alone, the body is the summary."""
    if head.startswith(_MARKER):
        [tombstoned_at] = orjson.loads(head)
        return EndedMarker(datetime.fromisoformat(tombstoned_at))
    owner, _, summary = head.partition(b"\n")
    return _row(facts_of(summary), orjson.loads(owner), summary, summary if result is None else result)
