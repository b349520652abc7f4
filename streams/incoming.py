"""The records that workers read, and the events in them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from pydantic import ValidationError

from schemas.cancellations import Cancellation
from schemas.dead_letters import Origin
from schemas.envelope import (
    ATTEMPT_HEADER,
    OWNER_HEADER,
    REDRIVEN_FROM_HEADER,
    CloudEvent,
    InvalidEnvelope,
    valid_traceparent,
)
from schemas.events import FILING_SUBMITTED, TASK_CANCELLATION
from schemas.filings import FilingSubmitted
from schemas.identifiers import task_created_at
from schemas.tasks import MAX_ATTEMPTS
from schemas.topics import FILINGS_PRIORITY

Headers = Sequence[tuple[str, bytes]]

_OWNER = re.compile(r"[!-~]{1,100}")
"""It goes with every status, and so do trace and redriven task: with megabytes of it no worker could tell one."""
_ATTEMPTS = {str(attempt): attempt for attempt in range(1, MAX_ATTEMPTS + 1)}


@dataclass(frozen=True, slots=True)
class KafkaRecord:
    """What Kafka delivered: the bytes, and where they stood."""

    topic: str
    partition: int
    offset: int
    timestamp: datetime
    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass(frozen=True, slots=True)
class FilingRecord(KafkaRecord):
    """A record of a filing topic."""

    @property
    def priority(self) -> bool:
        """Whether it came through the priority lane."""
        return self.topic == FILINGS_PRIORITY

    @property
    def origin(self) -> Origin:
        """Where it stands."""
        return Origin(self.topic, self.partition, self.offset, self.timestamp)


class Task(Protocol):
    """The task that an event is about."""

    @property
    def task_id(self) -> str:
        """A UUIDv7."""

    @property
    def attempt(self) -> int:
        """Which attempt it is in, 1 to 4."""

    @property
    def owner(self) -> str | None:
        """The API key that it belongs to; None for an upstream's."""

    @property
    def ticker(self) -> str:
        """As in the filing."""

    @property
    def filing_year(self) -> int:
        """As in the filing."""

    @property
    def submitted_at(self) -> datetime:
        """When the filing was accepted."""

    @property
    def traceparent(self) -> str | None:
        """The trace that what is said of it goes on."""

    @property
    def redriven_from(self) -> str | None:
        """The task whose dead letter it was made from."""

    @property
    def labels(self) -> Mapping[str, str]:
        """As in the filing."""

    @property
    def batch_id(self) -> str | None:
        """The batch that it is a member of."""

    @property
    def callback_url(self) -> str | None:
        """Where its end is told, as in the filing."""


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

    @property
    def ticker(self) -> str:
        """The filing's."""
        return self.filing.ticker

    @property
    def filing_year(self) -> int:
        """The filing's."""
        return self.filing.filing_year

    @property
    def labels(self) -> Mapping[str, str]:
        """The filing's."""
        return self.filing.labels

    @property
    def batch_id(self) -> str | None:
        """The filing's; none for a redriven one, which is a task beside those that the batch knows."""
        return self.filing.batch_id if self.redriven_from is None else None

    @property
    def callback_url(self) -> str | None:
        """The filing's."""
        return self.filing.callback_url


@dataclass(frozen=True, slots=True)
class CancellationEvent:
    """A cancellation, read and validated. It does not know which attempt its task is in."""

    task_id: str
    owner: str
    ticker: str
    filing_year: int
    submitted_at: datetime
    traceparent: str | None
    redriven_from: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    batch_id: str | None = None
    callback_url: str | None = None
    attempt: int = 1


class UndecodableCancellation(ValueError):
    """A record that no cancellation can be read from; the text says why and holds none of its content."""


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


def decode_cancellation(record: KafkaRecord) -> CancellationEvent:
    """The cancellation of a record.

    Raises:
        UndecodableCancellation: where it has no valid envelope, owner or data.
    """
    try:
        event = CloudEvent.from_message(record.headers, record.value)
    except InvalidEnvelope as error:
        raise UndecodableCancellation(str(error)) from error
    if event.type != TASK_CANCELLATION:
        raise UndecodableCancellation(f"ce_type must be {TASK_CANCELLATION}")
    owner = event.extensions.get(OWNER_HEADER)
    # An upstream's task has no owner, and nobody may cancel it.
    if owner is None or not _OWNER.fullmatch(owner):
        raise UndecodableCancellation(f"{OWNER_HEADER} must be 1 to 100 visible ASCII characters")
    try:
        wish = Cancellation.model_validate_json(event.data)
    except ValidationError as error:
        raise UndecodableCancellation(f"the data is no Cancellation: {_fields_at_fault(error)}") from error
    if not all(task_created_at(id_) for id_ in (wish.task_id, wish.redriven_from) if id_ is not None):
        raise UndecodableCancellation("task_id and redriven_from must be tasks' ids")
    return CancellationEvent(**wish.model_dump(), owner=owner, traceparent=valid_traceparent(event.traceparent))


def _fields_at_fault(error: ValidationError) -> str:
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    # The name of a field that the model has not is the producer's text, and may be as long as it likes.
    fields = [("data" if each["type"] == "extra_forbidden" else _field(each["loc"]), each["msg"]) for each in errors]
    return "; ".join(f"{field}: {message}" for field, message in fields[:5])


def _field(location: tuple[int | str, ...]) -> str:
    # Below a field stand the names of labels, which are the producer's text, too.
    return str(location[0]) if location else "data"
