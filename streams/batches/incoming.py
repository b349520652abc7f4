"""The records of the topic of batches' members, and the events in them."""

from dataclasses import dataclass

from pydantic import ValidationError

from schemas.batches import BatchOpened, MemberOutcome
from schemas.envelope import OWNER_HEADER, CloudEvent, InvalidEnvelope
from schemas.events import BATCH_OPENED, MEMBER_OUTCOME
from schemas.identifiers import task_created_at
from streams.incoming import KafkaRecord


@dataclass(frozen=True, slots=True)
class BatchEvent:
    """What is told of a batch: its members, or how one of them ended."""

    batch_id: str
    owner: str | None
    told: BatchOpened | MemberOutcome


class UndecodableBatchEvent(ValueError):
    """A record that no event of a batch can be read from; the text says why and holds none of its content."""


def decode_batch_event(record: KafkaRecord) -> BatchEvent:
    """The event of a record.

    Raises:
        UndecodableBatchEvent: where it has no valid envelope, batch or data, or an outcome is no end.
    """
    try:
        event = CloudEvent.from_message(record.headers, record.value)
    except InvalidEnvelope as error:
        raise UndecodableBatchEvent(str(error)) from error
    batch_id = event.subject or ""
    if task_created_at(batch_id) is None or record.key != batch_id.encode():
        raise UndecodableBatchEvent("key and ce_subject must be the batch's id, a UUIDv7")
    owner = event.extensions.get(OWNER_HEADER)
    try:
        if event.type == BATCH_OPENED:
            return BatchEvent(batch_id, owner, BatchOpened.model_validate_json(event.data))
        if event.type == MEMBER_OUTCOME:
            return BatchEvent(batch_id, owner, _an_end(MemberOutcome.model_validate_json(event.data)))
    except ValidationError as error:
        raise UndecodableBatchEvent(f"the data is not what {event.type} holds") from error
    raise UndecodableBatchEvent(f"ce_type must be {BATCH_OPENED} or {MEMBER_OUTCOME}")


def _an_end(outcome: MemberOutcome) -> MemberOutcome:
    if not outcome.state.ended:
        raise UndecodableBatchEvent("an outcome must be a state that a task never leaves")
    return outcome
