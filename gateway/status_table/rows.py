"""One row of the status table: what decides and filters, then the status itself as it came from the topic."""

from dataclasses import dataclass
from datetime import datetime

import orjson

from schemas.tasks import StatusHead, StatusOrder


@dataclass(frozen=True, slots=True)
class StatusRow:
    """A task's newest status. `body` is the status event's data, which is also the answer to a reader."""

    order: StatusOrder
    owner: str | None
    ended_at: datetime | None
    body: bytes

    def encode(self) -> bytes:
        """The row as bytes: a line of JSON, then the body untouched, so that a read never parses a result."""
        head = {"order": [*self.order], "owner": self.owner, "ended_at": self.ended_at}
        return orjson.dumps(head) + b"\n" + self.body


@dataclass(frozen=True, slots=True)
class EndedMarker:
    """What stays of a task after its tombstone, so that a zombie's late status does not bring it back."""

    tombstoned_at: datetime

    def encode(self) -> bytes:
        """The marker as bytes."""
        return orjson.dumps({"tombstoned_at": self.tombstoned_at}) + b"\n"


Row = StatusRow | EndedMarker


class UnreadableStatus(ValueError):
    """A record of the status topic that is no task status."""


def status_row(value: bytes, owner: str | None) -> StatusRow:
    """The row of a status event's data.

    Raises:
        UnreadableStatus: where the data is no task status.
    """
    try:
        head = StatusHead.model_validate_json(value)
    except ValueError as error:
        raise UnreadableStatus("not a task status") from error
    return StatusRow(order=head.order, owner=owner, ended_at=head.ended_at, body=value)


def decode_row(raw: bytes) -> Row:
    """The inverse of the `encode` methods."""
    head_line, _, body = raw.partition(b"\n")
    head = orjson.loads(head_line)
    if "tombstoned_at" in head:
        return EndedMarker(datetime.fromisoformat(head["tombstoned_at"]))
    ended_at = head["ended_at"]
    return StatusRow(
        order=StatusOrder(*head["order"]),
        owner=head["owner"],
        ended_at=None if ended_at is None else datetime.fromisoformat(ended_at),
        body=body,
    )
