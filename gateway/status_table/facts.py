"""What a status is ordered, aged and found by: read for each of a hundred thousand while a gateway starts."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from gateway.materialised.records import UnreadableRecord
from schemas.tasks import MAX_ATTEMPTS, STEPS, StatusFacts, TaskState

_LabelName = Annotated[str, Meta(pattern=r"^[a-zA-Z0-9._\-/]{1,40}\Z")]
_LabelValue = Annotated[str, Meta(min_length=1, max_length=100)]


class _Progress(Struct, forbid_unknown_fields=True):
    current: Annotated[int, Meta(ge=0, le=len(STEPS))]
    status: str
    total: int = len(STEPS)


class UsualFacts(Struct):
    """`StatusFacts` as our models write them, read at a third of the cost.

    What these rules refuse may be right none the less. Of a time, less than a microsecond is rounded, not cut off.
    """

    status: TaskState
    progress: _Progress
    ticker: Annotated[str, Meta(pattern=r"^[A-Z0-9.\-]{1,10}\Z")]
    submitted_at: Annotated[datetime, Meta(tz=True)]
    attempt: Annotated[int, Meta(ge=1, le=MAX_ATTEMPTS)] = 1
    ended_at: datetime | None = None
    labels: Annotated[dict[_LabelName, _LabelValue], Meta(max_length=10)] = {}


Facts = UsualFacts | StatusFacts

_usual = msgspec.json.Decoder(UsualFacts)


def facts_of(status: bytes) -> Facts:
    """The facts of a status event's data.

    Raises:
        UnreadableRecord: where `StatusFacts` refuses them.
    """
    try:
        # As text: msgspec does not look for broken UTF-8 in the fields that it skips.
        facts = _usual.decode(status.decode())
    except (UnicodeDecodeError, msgspec.DecodeError):
        return _judged(status)
    if facts.labels and not all(map(str.isprintable, facts.labels.values())):
        return _judged(status)
    return facts


def _judged(status: bytes) -> StatusFacts:
    try:
        return StatusFacts.model_validate_json(status)
    except ValueError as error:
        raise UnreadableRecord("not a task status") from error
