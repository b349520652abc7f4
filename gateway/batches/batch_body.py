"""Reads the body of a batch: each of its filings is valid by itself, or refused by itself."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError

from gateway.batches.batch_json import CutBatch, cut
from gateway.bodies_in_hand import Hold
from gateway.filing_json import MOST_TOKENS, read_filing
from gateway.json_tokens import TooManyTokens
from gateway.problems import MOST_ERRORS, FieldError, Problem, invalid_body, invalid_field
from gateway.submission_body import JSON, AnalyzeRequest, content_of, content_type_of, filing_schema
from schemas.batches import MAX_MEMBERS
from schemas.callbacks import CallbackUrl

_LONGEST_REST = 16 * 1024
"""Bytes of a batch beside its filings: 500 places and a callback URL have 15 KiB at most."""


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
    request: Request, check: Callable[[AnalyzeRequest], Awaitable[None]], *, max_bytes: int, hold: Hold, timeout: float
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
    content_type_of(request, JSON)
    body = await content_of(request, max_bytes, max_bytes, hold, timeout=timeout)
    # In a thread of its own: others are answered meanwhile.
    wanted, read = await asyncio.to_thread(_parsed, body)
    # The documents are in `read` now; twice 200 MiB would stay until all is on Kafka.
    del body
    filings: dict[int, AnalyzeRequest] = {}
    refused = _Refusals()
    for index, filing in enumerate(read):
        try:
            filings[index] = await _checked(filing, check)
        except Problem as problem:
            refused.add(index, problem)
    if refused.all and (wanted.atomic or not filings):
        raise _all_refused(refused.all)
    return ReadBatch(filings, refused.all, wanted.callback_url)


def _parsed(body: bytes) -> tuple[BatchRequest, list[AnalyzeRequest | Problem]]:
    """What is asked of the whole, and each filing or why it is none."""
    try:
        parts = cut(body)
        if parts is None:
            raise _not_cut(body)
        if len(parts.rest) > _LONGEST_REST:
            raise invalid_field("body", f"give at most {_LONGEST_REST} bytes beside the filings")
        wanted = BatchRequest.model_validate_json(parts.rest)
    except TooManyTokens as error:
        raise invalid_field("body", "there is more in it than 500 filings have") from error
    except ValidationError as error:
        raise invalid_body(error) from error
    return wanted, [_filing(body, parts, index) for index in range(len(parts.spans))]


def _not_cut(body: bytes) -> Problem:
    """Why a body that has no one list of filings is no batch."""
    if len(body) <= _LONGEST_REST:
        try:
            BatchRequest.model_validate_json(body)
        except ValidationError as error:
            return invalid_body(error)
    return invalid_field("filings", "give one list of filings")


def _filing(body: bytes, parts: CutBatch, index: int) -> AnalyzeRequest | Problem:
    if parts.tokens[index] > MOST_TOKENS:
        return invalid_field("body", "there is more in it than the fields of a filing")
    try:
        return read_filing(AnalyzeRequest, body[slice(*parts.spans[index])])
    except Problem as problem:
        if problem.type == "not_json":
            # Then the batch as a whole is no JSON.
            raise
        return problem


async def _checked(
    filing: AnalyzeRequest | Problem, check: Callable[[AnalyzeRequest], Awaitable[None]]
) -> AnalyzeRequest:
    # Others are answered between two filings: 500 paths to look at take a while.
    await asyncio.sleep(0)
    if isinstance(filing, Problem):
        raise filing
    await check(filing)
    return filing


class _Refusals:
    """The filings that were refused; only the first have their errors, so that the answer stays short."""

    def __init__(self) -> None:
        self.all: list[Refused] = []
        self._left = MOST_ERRORS

    def add(self, index: int, problem: Problem) -> None:
        """Refuse a filing for this reason."""
        errors = problem.members.get("errors", [])[: self._left]
        self._left -= len(errors)
        self.all.append(Refused(index=index, type=problem.type, detail=problem.detail, errors=errors))


def _all_refused(refused: list[Refused]) -> Problem:
    errors = [
        {"field": f"filings.{each.index}.{error.field}", "message": error.message}
        for each in refused
        for error in each.errors or [FieldError(field="body", message=each.detail)]
    ]
    places = ", ".join(str(each.index) for each in refused[:MOST_ERRORS])
    more = f" and {len(refused) - MOST_ERRORS} more" if len(refused) > MOST_ERRORS else ""
    detail = f"No filing was accepted. Not valid: filings {places}{more}."
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", detail, errors=errors[:MOST_ERRORS])


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
