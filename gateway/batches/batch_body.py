"""Reads the body of a batch: each of its filings is valid by itself, or refused by itself."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError
from pydantic_core import from_json

from gateway.batches.batch_json import cut
from gateway.bodies_in_hand import Hold
from gateway.problems import FieldError, Problem, invalid_body, not_json
from gateway.submission_body import JSON, AnalyzeRequest, content_of, filing_schema, media_type_of
from schemas.batches import MAX_MEMBERS
from schemas.callbacks import CallbackUrl


class BatchRequest(BaseModel):
    """Filings to analyse, which end together."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True)

    filings: Annotated[list[Any], Field(min_length=1, max_length=MAX_MEMBERS)]
    """Each as the JSON body of `/analyze`."""
    atomic: StrictBool = False
    """Whether one that is not valid has all be refused; else it is refused alone."""
    callback_url: CallbackUrl | None = None
    """Where to tell, signed, that the batch has ended; a filing's own is told of that filing's end."""


class Refused(BaseModel):
    """A filing of a batch that was refused."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    index: int
    """Its place in the request, from 0."""
    type: str
    """Stable, for machines: the type of the problem that it would be alone."""
    detail: str
    """For a person."""
    errors: list[FieldError] = Field(default_factory=list)
    """The fields at fault."""


@dataclass(frozen=True, slots=True)
class ReadBatch:
    """What was asked for.

    Attributes:
        filings: place -> filing.
        refused: those that are none, by their place.
        callback_url: where to tell that the batch has ended.
    """

    filings: Mapping[int, AnalyzeRequest]
    refused: list[Refused]
    callback_url: str | None = None

    @property
    def size(self) -> int:
        """How many places the request had."""
        return len(self.filings) + len(self.refused)


async def read_batch(
    request: Request, check: Callable[[AnalyzeRequest], None], *, max_bytes: int, hold: Hold, timeout: float
) -> ReadBatch:
    """The batch.

    Args:
        request: its body is not read yet.
        check: raises a problem where a valid filing can't be taken.
        max_bytes: of the body, as it comes and unpacked.
        hold: the room that the body takes in the gateway.
        timeout: seconds to wait for each part of the body.

    Raises:
        Problem: as `read_submission` for the body as a whole; 422 where no filing is left, or one is refused of those
            that are wanted together.
    """
    media_type_of(request, JSON)
    body = await content_of(request, max_bytes, max_bytes, hold, timeout=timeout)
    # In a thread of its own: others are answered meanwhile.
    wanted = await asyncio.to_thread(_parsed, body)
    # The documents are in `wanted` now; twice 200 MiB would stay until all is on Kafka.
    del body
    filings: dict[int, AnalyzeRequest] = {}
    refused: list[Refused] = []
    for index, fields in enumerate(wanted.filings):
        try:
            filings[index] = _checked(fields, check)
        except Problem as problem:
            errors = problem.members.get("errors", [])
            refused.append(Refused(index=index, type=problem.type, detail=problem.detail, errors=errors))
    if refused and (wanted.atomic or not filings):
        raise _all_refused(refused)
    return ReadBatch(filings, refused, wanted.callback_url)


def _parsed(body: bytes) -> BatchRequest:
    try:
        parts = cut(body)
        if parts is None:
            return BatchRequest.model_validate_json(body)
        wanted = BatchRequest.model_validate_json(parts.rest)
        return wanted.model_copy(update={"filings": [from_json(body[slice(*span)]) for span in parts.spans]})
    except ValidationError as error:
        raise invalid_body(error) from error
    except ValueError as error:
        raise not_json() from error


def _checked(fields: Any, check: Callable[[AnalyzeRequest], None]) -> AnalyzeRequest:
    try:
        filing = AnalyzeRequest.model_validate(fields)
    except ValidationError as error:
        raise invalid_body(error) from error
    check(filing)
    return filing


def _all_refused(refused: list[Refused]) -> Problem:
    errors = [
        {"field": f"filings.{each.index}.{error.field}", "message": error.message}
        for each in refused
        for error in each.errors or [FieldError(field="body", message=each.detail)]
    ]
    places = ", ".join(str(each.index) for each in refused)
    detail = f"No filing was accepted. Not valid: filings {places}."
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", detail, errors=errors)


def batch_described(example: Mapping[str, Any]) -> dict[str, Any]:
    """The request for OpenAPI, which can't know it: the body is read by hand."""
    schema = BatchRequest.model_json_schema()
    schema["properties"]["filings"]["items"] = filing_schema(AnalyzeRequest)
    key = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}
    described_key = (
        "Sent again with it within a day, the same body is the same batch, of which what is missing is added."
    )
    header = {"name": "Idempotency-Key", "in": "header", "required": False, "schema": key, "description": described_key}
    content = {JSON: {"schema": schema, "example": example}}
    return {"parameters": [header], "requestBody": {"required": True, "content": content}}
