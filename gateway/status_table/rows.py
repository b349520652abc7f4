"""One row of the status table: its head, which decides and is found and listed, and the status as it came.

A status with a result may have megabytes; it stands apart, so that neither the next status of its task nor a listing
reads it.
"""

from dataclasses import dataclass
from datetime import datetime

import orjson

from gateway.materialised.records import UnreadableRecord
from schemas.labels import Labels
from schemas.tasks import StatusFacts, StatusOrder, TaskState

_RESULT, _NO_RESULT, _BEHIND_RESULT = b'"result":{', b'"result":null', b',"error":'


@dataclass(frozen=True, slots=True)
class StatusRow:
    """A task's newest status.

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
        """All but the body: a line of JSON, then the summary."""
        line = [*self.order], self.owner, self.state, self.ticker, self.submitted_at, self.ended_at, self.labels
        return orjson.dumps(line) + b"\n" + self.summary

    def encode_result(self) -> bytes | None:
        """The body, where it has a result."""
        return None if self.body is self.summary else self.body


@dataclass(frozen=True, slots=True)
class EndedMarker:
    """What stays of a task after its tombstone, so that a zombie's late status does not bring it back."""

    tombstoned_at: datetime

    def encode_head(self) -> bytes:
        """The marker as bytes."""
        return orjson.dumps([self.tombstoned_at]) + b"\n"


Row = StatusRow | EndedMarker


def status_row(value: bytes, owner: str | None) -> StatusRow:
    """The row of a status event's data.

    Raises:
        UnreadableRecord: where the data is no task status.
    """
    cut = _with_result_cut_out(value)
    facts = None if cut is None else _facts(cut)
    if cut is None or facts is None:
        facts = _facts(value)
        if facts is None:
            raise UnreadableRecord("not a task status")
        cut = _without_result(value) if facts.status is TaskState.SUCCESS else value
    return StatusRow(
        order=facts.order,
        owner=owner,
        state=facts.status,
        ticker=facts.ticker,
        submitted_at=facts.submitted_at,
        ended_at=facts.ended_at,
        labels=facts.labels,
        summary=cut,
        body=value,
    )


def _facts(value: bytes) -> StatusFacts | None:
    try:
        return StatusFacts.model_validate_json(value)
    except ValueError:
        return None


def _with_result_cut_out(value: bytes) -> bytes | None:
    """The data without its result, where it stands as our models write it; to parse it was half of a gateway's start.

    What was cut elsewhere, in a text or a label, leaves a bracket without its other half, and is no JSON.
    """
    before, found, rest = value.partition(_RESULT)
    end = rest.rfind(_BEHIND_RESULT)
    return before + _NO_RESULT + rest[end:] if found and end > 0 else None


def _without_result(value: bytes) -> bytes:
    status = orjson.loads(value)
    return orjson.dumps({**status, "result": None}) if status.get("result") is not None else value


def decode_row(head: bytes, result: bytes | None) -> Row:
    """The inverse of the `encode` methods; of a head alone, the body is the summary."""
    line, _, summary = head.partition(b"\n")
    fields = orjson.loads(line)
    if len(fields) == 1:
        return EndedMarker(datetime.fromisoformat(fields[0]))
    order, owner, state, ticker, submitted_at, ended_at, labels = fields
    return StatusRow(
        order=StatusOrder(*order),
        owner=owner,
        state=TaskState(state),
        ticker=ticker,
        submitted_at=datetime.fromisoformat(submitted_at),
        ended_at=None if ended_at is None else datetime.fromisoformat(ended_at),
        labels=labels,
        summary=summary,
        body=summary if result is None else result,
    )
