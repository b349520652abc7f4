"""The events as CloudEvents: which type, id, source and subject each has."""

from collections.abc import Iterator
from datetime import datetime

import orjson

from schemas.batches import BatchOpened, BatchStatus, MemberOutcome
from schemas.cancellations import Cancellation
from schemas.claims import SubmissionClaim
from schemas.envelope import ATTEMPT_HEADER, OWNER_HEADER, CloudEvent
from schemas.filings import FilingSubmitted
from schemas.risks import RiskAssessment
from schemas.tasks import TaskStatus
from schemas.webhooks import WebhookDelivery

FILING_SUBMITTED = "sigmak.filing.submitted.v1"
TASK_STATUS = "sigmak.task.status.v1"
RISK_ASSESSMENT = "sigmak.risk.assessment.v1"
SUBMISSION_CLAIM = "sigmak.submission.claim.v1"
TASK_CANCELLATION = "sigmak.task.cancellation.v1"
BATCH_OPENED = "sigmak.batch.opened.v1"
MEMBER_OUTCOME = "sigmak.batch.member-outcome.v1"
BATCH_STATUS = "sigmak.batch.status.v1"
WEBHOOK_DELIVERY = "sigmak.webhook.delivery.v1"

_LONG = 4 * 1024 * 1024
"""Characters of a document that is written as JSON at once, in 30 ms at most."""
_PIECE = 1024 * 1024
"""Characters of a longer one that are."""


class TooLongAsJson(ValueError):
    """A document is longer as JSON than the caller takes."""


def filing_submitted(
    filing: FilingSubmitted,
    *,
    task_id: str,
    source: str,
    time: datetime,
    owner: str | None,
    traceparent: str | None = None,
    attempt: int = 1,
    longest: int | None = None,
) -> CloudEvent:
    """The event that asks for a filing to be read; its id is the task id.

    Raises:
        TooLongAsJson: the document has more than `longest` bytes as JSON, in which a control character has six.
    """
    return CloudEvent(
        id=task_id,
        type=FILING_SUBMITTED,
        source=source,
        time=time,
        subject=filing.ticker,
        data=_filing_json(filing, longest),
        traceparent=traceparent,
        extensions={ATTEMPT_HEADER: str(attempt), **_owned_by(owner)},
    )


def _filing_json(filing: FilingSubmitted, longest: int | None) -> bytes:
    # By orjson: pydantic's own writing of a document of megabytes took two fifths of the gateway's time for it.
    document = filing.html_content or ""
    if len(document) <= _LONG:
        return orjson.dumps(filing.model_dump(mode="json", exclude_none=True))
    # Piece by piece, between which others get Python's lock: 50 MB of control characters hold it for 360 ms.
    rest = orjson.dumps(filing.model_dump(mode="json", exclude_none=True, exclude={"html_content"}))
    return b"".join([b'{"html_content":"', *_json_pieces(document, longest), b'",', rest[1:]])


def _json_pieces(document: str, longest: int | None) -> Iterator[bytes]:
    size = 0
    for begin in range(0, len(document), _PIECE):
        piece = orjson.dumps(document[begin : begin + _PIECE])[1:-1]
        size += len(piece)
        if longest is not None and size > longest:
            raise TooLongAsJson
        yield piece


def task_status(
    status: TaskStatus, *, source: str, time: datetime, owner: str | None, traceparent: str | None = None
) -> CloudEvent:
    """A task's new state. A repeat of the same step has the same id, as CloudEvents asks of a resent event."""
    attempt, step = status.order
    return CloudEvent(
        id=f"{status.task_id}.{attempt}.{step}",
        type=TASK_STATUS,
        source=source,
        time=time,
        subject=status.task_id,
        data=status.model_dump_json().encode(),
        traceparent=traceparent,
        extensions=_owned_by(owner),
    )


def risk_assessment(
    assessment: RiskAssessment,
    *,
    task_id: str,
    source: str,
    time: datetime,
    owner: str | None,
    traceparent: str | None = None,
) -> CloudEvent:
    """A finished assessment. Its id is the task id: a reader who keeps the newest per id sees one a task."""
    return CloudEvent(
        id=task_id,
        type=RISK_ASSESSMENT,
        source=source,
        time=time,
        subject=assessment.ticker,
        data=assessment.model_dump_json().encode(),
        traceparent=traceparent,
        extensions=_owned_by(owner),
    )


def submission_claim(claim: SubmissionClaim, *, source: str, time: datetime) -> CloudEvent:
    """What is told of the claim of an Idempotency-Key."""
    return CloudEvent(
        id=f"{claim.task_id}.{claim.state}",
        type=SUBMISSION_CLAIM,
        source=source,
        time=time,
        subject=claim.task_id,
        data=claim.model_dump_json().encode(),
    )


def task_cancellation(
    cancellation: Cancellation, *, source: str, time: datetime, owner: str, traceparent: str | None = None
) -> CloudEvent:
    """The wish of a task's owner to end it. A repeated wish has the same id."""
    return CloudEvent(
        id=f"{cancellation.task_id}.cancellation",
        type=TASK_CANCELLATION,
        source=source,
        time=time,
        subject=cancellation.task_id,
        data=cancellation.model_dump_json().encode(),
        traceparent=traceparent,
        extensions=_owned_by(owner),
    )


def batch_opened(opened: BatchOpened, *, batch_id: str, source: str, time: datetime, owner: str | None) -> CloudEvent:
    """The members of a batch."""
    return CloudEvent(
        id=f"{batch_id}.opened",
        type=BATCH_OPENED,
        source=source,
        time=time,
        subject=batch_id,
        data=opened.model_dump_json().encode(),
        extensions=_owned_by(owner),
    )


def member_outcome(
    outcome: MemberOutcome, *, batch_id: str, source: str, time: datetime, owner: str | None
) -> CloudEvent:
    """How a member of a batch ended; told again, it has the same id."""
    return CloudEvent(
        id=f"{batch_id}.{outcome.member.task_id}",
        type=MEMBER_OUTCOME,
        source=source,
        time=time,
        subject=batch_id,
        data=outcome.model_dump_json().encode(),
        extensions=_owned_by(owner),
    )


def batch_status(status: BatchStatus, *, source: str, time: datetime, owner: str | None) -> CloudEvent:
    """How far a batch is; a repeat of the same status has the same id."""
    return CloudEvent(
        id=f"{status.batch_id}.{status.ended_members}",
        type=BATCH_STATUS,
        source=source,
        time=time,
        subject=status.batch_id,
        data=status.model_dump_json().encode(),
        extensions=_owned_by(owner),
    )


def webhook_delivery(
    delivery: WebhookDelivery, *, source: str, time: datetime, traceparent: str | None = None
) -> CloudEvent:
    """A delivery's new state. A repeat of the same state has the same id."""
    resent, attempts, _ = delivery.order
    return CloudEvent(
        id=f"{delivery.webhook_id}.{resent}.{attempts}.{delivery.outcome or 'waiting'}",
        type=WEBHOOK_DELIVERY,
        source=source,
        time=time,
        subject=delivery.subject,
        data=delivery.model_dump_json().encode(),
        traceparent=traceparent,
    )


def _owned_by(owner: str | None) -> dict[str, str]:
    return {} if owner is None else {OWNER_HEADER: owner}
