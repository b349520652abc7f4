"""Reads a submission: a JSON body, or the document itself as the body with the rest in the query."""

import asyncio
import functools
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from gateway.bodies_in_hand import Hold
from gateway.body import read_body
from gateway.content_encoding import CONTENT_ENCODINGS, check_content_encoding, unpacked
from gateway.content_type import ContentType, NoContentType
from gateway.document_text import text_of
from gateway.filing_json import is_long, read_filing
from gateway.labels import pairs
from gateway.problems import Problem, invalid_body, invalid_field, invalid_fields
from schemas.filings import FilingSource, Priority, ScoringOptions

JSON = "application/json"
_DOCUMENTS = ("text/html", "text/plain")
_LABEL, _LABELS = "label", "labels"
"""The parameter of a query, which may be repeated, and the field of a JSON body."""
_LABEL_PATTERN = r"^[a-zA-Z0-9._\-/]{1,40}:.{1,100}$"
"""As far as a pattern can say it; the value must be printable, too."""
_DOCUMENT_FIELDS = ("html_content", "html_path")
_BODY_FIELDS = frozenset({*_DOCUMENT_FIELDS, _LABELS})
"""What a query can't say."""
_INSTEAD = {_LABELS: "give each as label=name:value"}


class IndexRequest(FilingSource):
    """A filing to store for later comparison."""

    priority: Priority = "normal"
    """`high` goes before the standard lane; for keys of tier `high` only."""


class AnalyzeRequest(ScoringOptions, IndexRequest):
    """A filing to analyse."""


Submission = TypeVar("Submission", bound=IndexRequest)


async def read_submission(
    request: Request,
    model: type[Submission],
    *,
    max_body_bytes: int,
    max_document_bytes: int,
    hold: Hold,
    timeout: float,
) -> Submission:
    """The submission, valid as its model.

    Args:
        request: its body is not read yet.
        model: what it must be valid as.
        max_body_bytes: of the body, as it comes and unpacked.
        max_document_bytes: of a document that is the body, unpacked.
        hold: the room that the body takes in the gateway.
        timeout: seconds to wait for each part of the body.

    Raises:
        Problem: 400 for a body that is not what its headers say, 408 for one that stops coming, 413 for one that is too
            large, 415 for headers that ask for what is not understood, 422 naming each field that is not valid, 503
            where there is no room for it.
    """
    content_type = content_type_of(request, JSON, *_DOCUMENTS)
    is_json = content_type.media_type == JSON
    limit = max_body_bytes if is_json else min(max_body_bytes, max_document_bytes)
    body = await content_of(request, max_body_bytes, limit, hold, timeout=timeout)
    if is_json:
        read = functools.partial(read_filing, model, body)
    else:
        read = functools.partial(_read_document, model, body, content_type.charset, _query(request))
    # A thread costs a tenth of a millisecond: it is for what would hold up others for longer.
    return await asyncio.to_thread(read) if is_long(body) else read()


def _read_document(model: type[Submission], body: bytes, charset: str | None, query: Mapping[str, Any]) -> Submission:
    text = text_of(body, charset)
    try:
        return model.model_validate({**query, "html_content": text})
    except ValidationError as error:
        raise invalid_body(error) from error


def content_type_of(request: Request, *offered: str) -> ContentType:
    """The request's content type, JSON where it says none; raises a 415 problem for one that is not offered."""
    try:
        content_type = ContentType.of(request.headers.get("content-type", JSON))
    except NoContentType as error:
        raise _unsupported_media_type(offered) from error
    if content_type.media_type not in offered:
        raise _unsupported_media_type(offered)
    return content_type


async def content_of(request: Request, body_limit: int, content_limit: int, hold: Hold, *, timeout: float) -> bytes:
    """The body without its Content-Encoding; raises the problems of `read_submission` that are of no field."""
    content_encoding = ",".join(request.headers.getlist("content-encoding")).strip().lower()
    check_content_encoding(content_encoding)
    body = await read_body(request, body_limit, hold, timeout=timeout)
    if not content_encoding:
        return body
    # In a thread of its own: others are answered while this is unpacked, which takes most of its time without the GIL.
    return await asyncio.to_thread(unpacked, body, content_encoding, content_limit, hold)


def _query(request: Request) -> dict[str, Any]:
    """The query's parameters; one that is given twice stays a list, which no field takes."""
    query = request.query_params
    if misplaced := sorted(_BODY_FIELDS & query.keys()):
        raise invalid_fields([(name, _INSTEAD.get(name, "the request body is the document")) for name in misplaced])
    values: dict[str, list[str]] = {}
    for name, value in query.multi_items():
        values.setdefault(name, []).append(value)
    labels = values.pop(_LABEL, None)
    fields: dict[str, Any] = {name: given[0] if len(given) == 1 else given for name, given in values.items()}
    return fields if labels is None else {**fields, _LABELS: _labels(labels)}


def _labels(given: Sequence[str]) -> dict[str, str]:
    labels = dict(pairs(given) or ())
    if len(labels) < len(given):
        raise invalid_field(_LABEL, "give each label once, as name:value")
    return labels


def _unsupported_media_type(offered: Sequence[str]) -> Problem:
    names = ", ".join(offered)
    detail = f"The Content-Type of the request is not known. Send one of {names}."
    headers = {"Accept": names}
    return Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail, headers=headers)


def described(model: type[BaseModel], example: Mapping[str, Any]) -> dict[str, Any]:
    """The request for OpenAPI, which can't know it: the body is read by hand, to a limit and without a second copy."""
    schema = filing_schema(model)
    parameters = [
        {"name": name, "in": "query", "required": False, "schema": field, "description": _beside(name, schema)}
        for name, field in schema["properties"].items()
        if name not in _BODY_FIELDS
    ]
    one_label = {"type": "string", "pattern": _LABEL_PATTERN}
    label = {"type": "array", "items": one_label, "maxItems": 10, "examples": [["portfolio:growth-2025"]]}
    described_as = "A label as `name:value`, beside a document; a JSON body has the field `labels`."
    parameters.append({"name": _LABEL, "in": "query", "required": False, "schema": label, "description": described_as})
    key = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}
    described_key = "Sent again with it within a day, the same body is the same task; another body is refused."
    parameters.append(
        {"name": "Idempotency-Key", "in": "header", "required": False, "schema": key, "description": described_key}
    )
    content: dict[str, Any] = {JSON: {"schema": schema, "example": example}}
    content |= {document: _document(document, example) for document in _DOCUMENTS}
    description = (
        "JSON with the document in it, or the document itself, with all else in the query. "
        f"Either may be sent with a Content-Encoding: {' or '.join(CONTENT_ENCODINGS)}."
    )
    return {"parameters": parameters, "requestBody": {"required": True, "description": description, "content": content}}


def filing_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a filing as JSON, with what the model only checks: that there is one document."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**schema, "oneOf": [_given(name) for name in _DOCUMENT_FIELDS]}


def _document(media_type: str, example: Mapping[str, Any]) -> dict[str, Any]:
    # Whatever the bytes are, they are a document: even what is JSON, which is why no type is said.
    return {"schema": {"contentMediaType": media_type}, "example": example["html_content"]}


def _beside(name: str, schema: Mapping[str, Any]) -> str:
    needed = "needed" if name in schema["required"] else "taken"
    return (
        f"{schema['properties'][name]['description']} It is {needed} beside a document; a JSON body has it as a field."
    )


def _given(name: str) -> dict[str, Any]:
    """That this field is given; one that is null is not."""
    return {"required": [name], "properties": {name: {"type": "string"}}}
