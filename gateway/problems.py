"""Errors as RFC 9457 problem documents."""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPMethod, HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from schemas.tasks import TaskState

MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 20
"""Of one answer: labels of 20 MB made one of 85 MB."""
_LONGEST_NAME = 40
"""Characters of a field's name, which may be the sender's."""
_LONGEST_MESSAGE = 160
"""Characters; with these three an answer has 8 KB at most."""


class FieldError(BaseModel):
    """What is wrong with one field."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    field: str
    """Its name; `body` for the body as a whole."""
    message: str
    """What it should be."""


class ProblemDocument(BaseModel):
    """An error as the caller gets it (RFC 9457)."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    type: str = Field(pattern=r"^urn:sigmak:problem:[a-z_]+$")
    """Stable, for machines."""
    title: str
    """The status in words."""
    status: int = Field(ge=400, le=599)
    """The HTTP status."""
    detail: str
    """For a person: what happened and what to do."""
    errors: list[FieldError] = Field(default_factory=list)
    """With `invalid_request`: the fields at fault."""
    task_id: str | None = None
    """With `kafka_unavailable` of a filing that may have been accepted: its task."""
    status_url: str | None = None
    """Where the status of that task, or of that batch, is."""
    batch_id: str | None = None
    """With `kafka_unavailable` of a batch that was accepted in part."""
    accepted: list[str] | None = None
    """The tasks of that batch whose filings are on Kafka, in order."""
    unknown: list[str] | None = None
    """Those whose filings may be there, in order."""
    state: TaskState | None = None
    """With `task_ended`: how it ended."""


class Problem(Exception):
    """An error that the caller is told.

    Args:
        status: the HTTP status.
        type: stable and for machines; the document's `type` is `urn:sigmak:problem:` and this.
        detail: for a person: what happened and what to do.
        headers: further response headers.
        members: further members of the document.
    """

    def __init__(
        self, status: HTTPStatus, type: str, detail: str, *, headers: Mapping[str, str] | None = None, **members: Any
    ) -> None:
        super().__init__(detail)
        self.status, self.type, self.detail = status, type, detail
        self.headers, self.members = dict(headers or {}), members

    def response(self) -> Response:
        """The problem document."""
        document = {
            "type": f"urn:sigmak:problem:{self.type}",
            "title": self.status.phrase,
            "status": int(self.status),
            "detail": self.detail,
            **self.members,
        }
        return JSONResponse(document, int(self.status), headers=self.headers, media_type=MEDIA_TYPE)


def invalid_body(error: ValidationError) -> Problem:
    """400 for what is not JSON, 422 naming each field at fault. Never repeats the input, which holds the document."""
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    if any(each["type"] == "json_invalid" for each in errors):
        return not_json()
    return _invalid(errors)


def not_json() -> Problem:
    """400: the body is no JSON."""
    return Problem(HTTPStatus.BAD_REQUEST, "not_json", "The request body is not valid JSON.")


def _invalid(errors: Iterable[Mapping[str, Any]]) -> Problem:
    # Below a field stand the names of labels: the sender's text.
    return invalid_fields([(str(each["loc"][0]) if each["loc"] else "body", each["msg"]) for each in errors])


def invalid_field(name: str, message: str) -> Problem:
    """422 for one field, whose value the request's model takes and we do not."""
    return invalid_fields([(name, message)])


def invalid_fields(faults: Sequence[tuple[str, str]]) -> Problem:
    """422 for fields, each its name and what it should be; the first 20 are named, within 8 KB."""
    errors = [{"field": _shown(name), "message": message[:_LONGEST_MESSAGE]} for name, message in faults[:MOST_ERRORS]]
    named = ", ".join(sorted({each["field"] for each in errors}))
    more = f" and {len(faults) - MOST_ERRORS} more" if len(faults) > MOST_ERRORS else ""
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", f"Not valid: {named}{more}.", errors=errors)


def _shown(name: str) -> str:
    """A field's name, cut, and with escapes for what is no visible ASCII character: it may be the sender's text."""
    return name[:_LONGEST_NAME].encode("unicode_escape").decode()[:_LONGEST_NAME]


def kafka_unavailable(detail: str, **members: Any) -> Problem:
    """503: Kafka can't take or tell something now; the caller comes again."""
    headers = {"Retry-After": "2"}
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "kafka_unavailable", detail, headers=headers, **members)


def _methods(request: Request) -> list[str]:
    """What the path of a request can be asked by; Starlette tells only those of the first route that has it."""

    def answers(method: str) -> bool:
        scope = {**request.scope, "method": method}
        return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)

    return [method for method in HTTPMethod if answers(method)]


def register(app: FastAPI) -> None:
    """Answer every error of `app` with a problem document."""

    @app.exception_handler(Problem)
    async def _problem(_request: Request, problem: Problem) -> Response:
        return problem.response()

    @app.exception_handler(RequestValidationError)
    async def _invalid_parameter(_request: Request, error: RequestValidationError) -> Response:
        # Where a parameter came in (its query, path or headers) stands before its name.
        return _invalid({**each, "loc": each["loc"][1:]} for each in error.errors()).response()

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        status = HTTPStatus(error.status_code)
        type_ = status.phrase.lower().replace(" ", "_")
        headers = dict(error.headers or {})
        if status is HTTPStatus.METHOD_NOT_ALLOWED:
            headers["Allow"] = ", ".join(_methods(request))
        return Problem(status, type_, str(error.detail), headers=headers).response()

    @app.exception_handler(Exception)
    async def _unexpected(_request: Request, _error: Exception) -> Response:
        # Starlette logs the traceback after this; the caller gets no inner detail.
        detail = "The gateway failed to answer; this is a fault of ours and is in its log."
        return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", detail).response()
