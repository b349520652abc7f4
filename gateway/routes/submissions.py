"""POST /analyze and POST /index: a filing in, a task id out."""

import asyncio
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from gateway.admission import Admission, Place
from gateway.api_description import EXAMPLES, RATE_HEADERS, TASK_LINKS, Described, described_headers, problems
from gateway.authentication import Caller, require
from gateway.bodies_in_hand import BodiesInHand, Hold
from gateway.callbacks import Callbacks
from gateway.document_text import is_over
from gateway.filing_json import is_long
from gateway.idempotency.fingerprints import HEADER, IdempotencyKey
from gateway.idempotency.submissions import KeyedSubmissions, KeyReused, Receipt
from gateway.keys import ApiKey
from gateway.limits import Limits
from gateway.links import link
from gateway.metrics import GatewayMetrics
from gateway.problem_types import ANY_KEY, ANY_SUBMISSION
from gateway.problems import Problem, invalid_field, kafka_unavailable
from gateway.publisher import FilingPublisher, Offered, OutcomeUnknown
from gateway.settings import GatewaySettings
from gateway.submission_body import AnalyzeRequest, IndexRequest, Submission, described, read_submission
from gateway.trace import traceparent_of
from schemas.filings import Action, FilingSubmitted
from transport.documents import DocumentFolders, PathRefused
from transport.publisher import EventTooLarge, KafkaAway

router = APIRouter(tags=["filings"])


class Accepted(BaseModel):
    """The answer to an accepted filing."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    task_id: str
    """A UUIDv7."""
    status_url: str
    """Where the task's status is."""
    message: str
    """For a person."""


_ANSWERS: Described = {
    HTTPStatus.ACCEPTED: {
        "description": "The filing is on Kafka.",
        "headers": described_headers("Location", "Idempotent-Replayed", *RATE_HEADERS, required={"Location"}),
        "content": {"application/json": {"example": EXAMPLES["accepted"]}},
        "links": TASK_LINKS,
    },
    **problems(
        *ANY_KEY,
        *ANY_SUBMISSION,
        "tier_too_low",
        "document_too_large",
        "unsupported_charset",
        headers=RATE_HEADERS,
    ),
}


@router.post(
    "/analyze",
    status_code=HTTPStatus.ACCEPTED,
    response_model=Accepted,
    responses=_ANSWERS,
    openapi_extra=described(AnalyzeRequest, EXAMPLES["analyze"]),
)
async def analyze(request: Request, caller: Caller, key: IdempotencyKey) -> Response:
    """Read a filing's risk factors and score them."""
    return await _submit(request, caller, key, AnalyzeRequest, "analyze")


@router.post(
    "/index",
    status_code=HTTPStatus.ACCEPTED,
    response_model=Accepted,
    responses=_ANSWERS,
    openapi_extra=described(IndexRequest, EXAMPLES["index"]),
)
async def index(request: Request, caller: Caller, key: IdempotencyKey) -> Response:
    """Store a filing's risk factors, as an earlier year for later comparison, without scoring them."""
    return await _submit(request, caller, key, IndexRequest, "index")


async def _submit(
    request: Request, caller: ApiKey, key: str | None, model: type[IndexRequest], action: Action
) -> Response:
    require(caller, "submit")
    limits = Limits.of(caller, request.app.state.settings)
    admission: Admission = request.app.state.admission
    bodies: BodiesInHand = request.app.state.bodies
    keyed: KeyedSubmissions[Offered] = request.app.state.keyed_submissions
    # What was accepted already is asked for, not submitted: whoever lost the answer gets it, though no place is left.
    replay = key is not None and keyed.is_accepted(caller.id, key)
    # The body comes last: who has no place left must not make the gateway read it.
    with admission.submission(caller, limits, replay=replay) as place, bodies.hold(caller.id) as hold:
        submission = await _read(request, caller, model, limits, hold)
        response = await _publish(request, caller, key, submission, action, place)
    response.headers.update(admission.rate_headers(caller, limits))
    return response


async def _read(request: Request, caller: ApiKey, model: type[Submission], limits: Limits, hold: Hold) -> Submission:
    settings: GatewaySettings = request.app.state.settings
    submission = await read_submission(
        request,
        model,
        max_body_bytes=limits.max_body_bytes,
        max_document_bytes=settings.max_document_bytes,
        hold=hold,
        timeout=settings.body_timeout,
    )
    await check_filing(request, caller, submission)
    return submission


async def check_filing(request: Request, caller: ApiKey, filing: IndexRequest) -> None:
    """Raise a problem where the caller may not have a filing worked on, or nobody could."""
    settings: GatewaySettings = request.app.state.settings
    if filing.priority == "high" and caller.tier != "high":
        raise Problem(HTTPStatus.FORBIDDEN, "tier_too_low", "Priority high is for API keys of tier high.")
    check_callback(request, caller, filing.callback_url)
    if filing.html_path is not None:
        _check_path(request.app.state.documents, filing.html_path)
    elif filing.html_content is not None and await _is_over(filing.html_content, settings.max_document_bytes):
        raise _document_too_large(settings.max_document_bytes)


def check_callback(request: Request, caller: ApiKey, url: str | None) -> None:
    """Raise a problem where an end could not be told to this URL."""
    if url is not None:
        callbacks: Callbacks = request.app.state.callbacks
        callbacks.check(url, caller.id)


async def _is_over(text: str, limit: int) -> bool:
    return await asyncio.to_thread(is_over, text, limit) if is_long(text) else is_over(text, limit)


async def _publish(
    request: Request, caller: ApiKey, key: str | None, body: IndexRequest, action: Action, place: Place
) -> Response:
    offered = offered_of(request, caller, body, action)
    filing = offered.filing
    receipt = await _accepted(request, key, offered, place)
    metrics: GatewayMetrics = request.app.state.metrics
    url = status_url(request, receipt.task_id)
    headers = {"Location": url}
    if receipt.replayed:
        metrics.replayed.inc()
        headers["Idempotent-Replayed"] = "true"
    else:
        metrics.accepted.labels(body.priority).inc()
    message = f"The filing of {filing.ticker} for {filing.filing_year} is accepted."
    accepted = Accepted(task_id=receipt.task_id, status_url=url, message=message)
    return JSONResponse(accepted.model_dump(), HTTPStatus.ACCEPTED, headers=headers)


def offered_of(request: Request, caller: ApiKey, body: IndexRequest, action: Action) -> Offered:
    """The filing as the caller wants to have it accepted."""
    filing = FilingSubmitted(action=action, **body.model_dump(exclude={"priority"}))
    return Offered(filing, caller.id, body.priority, traceparent_of(request.headers))


async def _accepted(request: Request, key: str | None, offered: Offered, place: Place) -> Receipt:
    metrics: GatewayMetrics = request.app.state.metrics
    try:
        return await _offer(request, key, offered, place)
    except KeyReused as error:
        raise key_reused() from error
    except EventTooLarge as error:
        metrics.refused.labels("too_large").inc()
        raise _document_too_large(None) from error
    except KafkaAway as error:
        metrics.refused.labels("kafka_away").inc()
        raise kafka_unavailable(f"The filing was not accepted: {error}. Send it again later.") from error
    except OutcomeUnknown as error:
        metrics.refused.labels("outcome_unknown").inc()
        detail = "Kafka did not acknowledge in time: the filing may have been accepted. Its task tells."
        if key is not None:
            detail += f" Sent again with its {HEADER}, it is the same task."
        raise kafka_unavailable(detail, task_id=error.task_id, status_url=status_url(request, error.task_id)) from error


async def _offer(request: Request, key: str | None, offered: Offered, place: Place) -> Receipt:
    """Publish it; its place counts by the task that the filing is on Kafka under, or not at all."""
    publisher: FilingPublisher = request.app.state.publisher
    keyed: KeyedSubmissions[Offered] = request.app.state.keyed_submissions
    if key is not None and place.replay:
        return await keyed.replay(key, offered)
    task_id = place.publishing()
    try:
        if key is None:
            await publisher.submit(task_id, offered)
            return Receipt(task_id)
        receipt = await keyed.submit(key, task_id, offered)
    except (KeyReused, EventTooLarge, KafkaAway):
        place.given_back()
        raise
    except OutcomeUnknown as error:
        place.published(error.task_id)
        raise
    if receipt.replayed:
        place.given_back()
    else:
        place.published(receipt.task_id)
    return receipt


def status_url(request: Request, task_id: str) -> str:
    """Where a task tells how far it is."""
    return link(request, f"tasks/{task_id}")


def _check_path(folders: DocumentFolders, path: str) -> None:
    try:
        folders.check(path)
    except PathRefused as error:
        raise invalid_field("html_path", str(error)) from error


def _document_too_large(limit: int | None) -> Problem:
    over = "the lane's limit of 16 MiB even when compressed" if limit is None else f"the limit of {limit} bytes"
    detail = f"The document is over {over}. Send the filing's main document only."
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "document_too_large", detail)


def key_reused() -> Problem:
    """422: the Idempotency-Key stands for something else."""
    detail = f"The {HEADER} was sent before with another body, and stands for that one's task. Send a new key."
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail)
