"""POST /analyze and POST /index: a filing in, a task id out."""

from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from gateway.authentication import Caller, require
from gateway.callbacks import Callbacks
from gateway.keys import ApiKey
from gateway.metrics import GatewayMetrics
from gateway.problems import Problem, invalid_field, kafka_unavailable
from gateway.publisher import FilingPublisher, OutcomeUnknown
from gateway.settings import GatewaySettings
from gateway.submission_body import AnalyzeRequest, IndexRequest, Submission, described, read_submission
from gateway.trace import traceparent_of
from schemas.filings import Action, FilingSubmitted
from transport.documents import DocumentFolders, PathRefused
from transport.publisher import EventTooLarge, KafkaAway

router = APIRouter(tags=["filings"])


class Accepted(BaseModel):
    """The answer to an accepted filing."""

    task_id: str
    status_url: str
    message: str


@router.post(
    "/analyze", status_code=HTTPStatus.ACCEPTED, response_model=Accepted, openapi_extra=described(AnalyzeRequest)
)
async def analyze(request: Request, caller: Caller) -> Response:
    """Read a filing's risk factors and score them."""
    return await _submit(request, caller, await _read(request, caller, AnalyzeRequest), "analyze")


@router.post("/index", status_code=HTTPStatus.ACCEPTED, response_model=Accepted, openapi_extra=described(IndexRequest))
async def index(request: Request, caller: Caller) -> Response:
    """Store a filing's risk factors, as an earlier year for later comparison, without scoring them."""
    return await _submit(request, caller, await _read(request, caller, IndexRequest), "index")


async def _read(request: Request, caller: ApiKey, model: type[Submission]) -> Submission:
    require(caller, "submit")
    settings: GatewaySettings = request.app.state.settings
    submission = await read_submission(request, model, settings)
    if submission.priority == "high" and caller.tier != "high":
        raise Problem(HTTPStatus.FORBIDDEN, "tier_too_low", "Priority high is for API keys of tier high.")
    if submission.callback_url is not None:
        callbacks: Callbacks = request.app.state.callbacks
        callbacks.check(submission.callback_url, caller.id)
    if submission.html_path is not None:
        _check_path(request.app.state.documents, submission.html_path)
    elif submission.html_content is not None and _is_over(settings.max_document_bytes, submission.html_content):
        raise _document_too_large(settings.max_document_bytes)
    return submission


def _is_over(limit: int, text: str) -> bool:
    # A character has at most four bytes in UTF-8: only a large document has to be encoded to be measured.
    return 4 * len(text) > limit and len(text.encode()) > limit


async def _submit(request: Request, caller: ApiKey, body: IndexRequest, action: Action) -> Response:
    publisher: FilingPublisher = request.app.state.publisher
    metrics: GatewayMetrics = request.app.state.metrics
    filing = FilingSubmitted(action=action, **body.model_dump(exclude={"priority"}))
    try:
        task_id = await publisher.submit(
            filing, owner=caller.id, priority=body.priority, traceparent=traceparent_of(request.headers)
        )
    except EventTooLarge as error:
        metrics.refused.labels("too_large").inc()
        raise _document_too_large(None) from error
    except KafkaAway as error:
        metrics.refused.labels("kafka_away").inc()
        raise kafka_unavailable(f"The filing was not accepted: {error}. Send it again later.") from error
    except OutcomeUnknown as error:
        metrics.refused.labels("outcome_unknown").inc()
        detail = "Kafka did not acknowledge in time: the filing may have been accepted. Its task tells."
        raise kafka_unavailable(
            detail, task_id=error.task_id, status_url=_status_url(request, error.task_id)
        ) from error
    metrics.accepted.labels(body.priority).inc()
    url = _status_url(request, task_id)
    accepted = Accepted(
        task_id=task_id, status_url=url, message=f"The filing of {filing.ticker} for {filing.filing_year} is accepted."
    )
    return JSONResponse(accepted.model_dump(), HTTPStatus.ACCEPTED, headers={"Location": url})


def _status_url(request: Request, task_id: str) -> str:
    # `url_for` searches all routes for it, which was a fourteenth of a small submission.
    return f"{request.base_url}tasks/{task_id}"


def _check_path(folders: DocumentFolders, path: str) -> None:
    try:
        folders.check(path)
    except PathRefused as error:
        raise invalid_field("html_path", str(error)) from error


def _document_too_large(limit: int | None) -> Problem:
    over = "the lane's limit of 16 MiB even when compressed" if limit is None else f"the limit of {limit} bytes"
    detail = f"The document is over {over}. Send the filing's main document only."
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "document_too_large", detail)
