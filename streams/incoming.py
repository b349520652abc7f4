"""A record of a filing topic, and the filing event in it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import ValidationError

from schemas.dead_letters import Origin
from schemas.envelope import (
    ATTEMPT_HEADER,
    OWNER_HEADER,
    REDRIVEN_FROM_HEADER,
    CloudEvent,
    InvalidEnvelope,
    valid_traceparent,
)
from schemas.events import FILING_SUBMITTED
from schemas.filings import FilingSubmitted
from schemas.identifiers import task_created_at
from schemas.tasks import MAX_ATTEMPTS
from schemas.topics import FILINGS_PRIORITY

Headers = Sequence[tuple[str, bytes]]

_OWNER = re.compile(r"[!-~]{1,100}")
"""It goes with every status, and so do trace and redriven task: with megabytes of it no worker could tell one."""
_ATTEMPTS = {str(attempt): attempt for attempt in range(1, MAX_ATTEMPTS + 1)}


@dataclass(frozen=True, slots=True)
class FilingRecord:
    """What Kafka delivered: the bytes, and where they stood."""

    topic: str
    partition: int
    offset: int
    timestamp: datetime
    key: bytes | None
    value: bytes | None
    headers: Headers

    @property
    def priority(self) -> bool:
        """Whether it came through the priority lane."""
        return self.topic == FILINGS_PRIORITY

    @property
    def origin(self) -> Origin:
        """Where it stands."""
        return Origin(self.topic, self.partition, self.offset, self.timestamp)


@dataclass(frozen=True, slots=True)
class FilingEvent:
    """A filing event, read and validated."""

    task_id: str
    filing: FilingSubmitted
    attempt: int
    owner: str | None
    submitted_at: datetime
    traceparent: str | None
    redriven_from: str | None = None


class UndecodableFiling(ValueError):
    """A record that no event model decodes; the text says what is wrong and holds none of its content."""


def decode_filing(record: FilingRecord) -> FilingEvent:
    """The filing event of a record.

    Raises:
        UndecodableFiling: where it has no valid envelope, id, attempt or data.
    """
    try:
        event = CloudEvent.from_message(record.headers, record.value)
    except InvalidEnvelope as error:
        raise UndecodableFiling(str(error)) from error
    if event.type != FILING_SUBMITTED:
        raise UndecodableFiling(f"ce_type must be {FILING_SUBMITTED}")
    if task_created_at(event.id) is None:
        raise UndecodableFiling("ce_id must be a UUIDv7 in its canonical form")
    attempt = _ATTEMPTS.get(event.extensions.get(ATTEMPT_HEADER, "1"))
    if attempt is None:
        raise UndecodableFiling(f"{ATTEMPT_HEADER} must be 1 to {MAX_ATTEMPTS}")
    owner, redriven_from = event.extensions.get(OWNER_HEADER), event.extensions.get(REDRIVEN_FROM_HEADER)
    if owner is not None and not _OWNER.fullmatch(owner):
        raise UndecodableFiling(f"{OWNER_HEADER} must be 1 to 100 visible ASCII characters")
    if redriven_from is not None and task_created_at(redriven_from) is None:
        raise UndecodableFiling(f"{REDRIVEN_FROM_HEADER} must be a task's id")
    try:
        filing = FilingSubmitted.model_validate_json(event.data)
    except ValidationError as error:
        raise UndecodableFiling(f"the data is no FilingSubmitted: {_fields_at_fault(error)}") from error
    return FilingEvent(
        task_id=event.id,
        filing=filing,
        attempt=attempt,
        owner=owner,
        submitted_at=event.time or record.timestamp.astimezone(UTC),
        traceparent=valid_traceparent(event.traceparent),
        redriven_from=redriven_from,
    )


def _fields_at_fault(error: ValidationError) -> str:
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    # The name of a field that the model has not is the producer's text, and may be as long as it likes.
    fields = [("data" if each["type"] == "extra_forbidden" else _field(each["loc"]), each["msg"]) for each in errors]
    return "; ".join(f"{field}: {message}" for field, message in fields[:5])


def _field(location: tuple[int | str, ...]) -> str:
    # Below a field stand the names of labels, which are the producer's text, too.
    return str(location[0]) if location else "data"
