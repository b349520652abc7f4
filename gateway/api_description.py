"""What OpenAPI says of the gateway beyond what FastAPI sees: problems, headers, and examples that were recorded."""

import json
from collections import defaultdict
from http import HTTPStatus
from importlib.resources import files
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from gateway.batches.batch_view import BatchCounts
from gateway.problem_types import PROBLEM_TYPES
from gateway.problems import MEDIA_TYPE, ProblemDocument

Described = dict[int | str, dict[str, Any]]

EXAMPLES: dict[str, Any] = json.loads((files("gateway") / "api_examples.json").read_text(encoding="utf-8"))
"""Recorded from a running system by `python -m tests.system.record_examples`."""

_DESCRIPTION = """
Filings in, risk assessments out. A submission is answered when its filing is on Kafka; its task tells how far it is.

Errors are problem documents (RFC 9457). Their `type` is stable and for machines, their `detail` is for people.
"""
_SCHEMAS = "#/components/schemas/"
_NAMED_ONLY: tuple[type[BaseModel], ...] = (ProblemDocument, BatchCounts)
"""Models that are no route's answer to FastAPI: references to them must lead somewhere, too."""
_RATE = {
    "RateLimit-Policy": "How many filings the key may submit (`q`) in how many seconds (`w`).",
    "RateLimit": "How many more it may submit now (`r`), and in how many seconds (`t`) there will be more.",
}
_HEADERS = {
    **_RATE,
    "Location": "Where the task's status is.",
    "Idempotent-Replayed": "`true` where an earlier request with the same `Idempotency-Key` was accepted.",
    "Retry-After": "Seconds after which to ask again.",
    "WWW-Authenticate": "How to send a key.",
    "Accept": "The media types that are taken.",
    "Accept-Encoding": "The content encodings that are taken.",
}
RATE_HEADERS = tuple(_RATE)


def _links(field: str, operations: dict[str, str]) -> dict[str, Any]:
    parameters = {field: f"$response.body#/{field}"}
    return {name: {"operationId": operation, "parameters": parameters} for name, operation in operations.items()}


TASK_LINKS = _links("task_id", {"status": "task_status", "events": "task_events", "cancel": "cancel_task"})
BATCH_LINKS = _links("batch_id", {"status": "batch_status", "events": "batch_events", "cancel": "cancel_batch"})
"""From an answer that names a batch to what can be asked of it, as `TASK_LINKS` of a task."""


def problems(*types: str, headers: tuple[str, ...] = ()) -> Described:
    """The responses of these problem types, for a route.

    Args:
        types: each a key of `PROBLEM_TYPES`.
        headers: those that any of these answers may have beside its own.
    """
    by_status: dict[HTTPStatus, list[str]] = defaultdict(list)
    for type_ in types:
        by_status[PROBLEM_TYPES[type_].status].append(type_)
    return {int(status): _problem_response(of_status, headers) for status, of_status in by_status.items()}


def _problem_response(types: list[str], optional_headers: tuple[str, ...]) -> dict[str, Any]:
    known = [PROBLEM_TYPES[type_] for type_ in types]
    always = set.intersection(*[set(each.headers) for each in known])
    sometimes = {name for each in known for name in each.headers} | set(optional_headers)
    examples = {type_: {"summary": PROBLEM_TYPES[type_].when, "value": EXAMPLES["problems"][type_]} for type_ in types}
    return {
        "description": " ".join(f"`{type_}`: {each.when}" for type_, each in zip(types, known, strict=True)),
        "headers": described_headers(*sorted(sometimes), required=always),
        "content": {MEDIA_TYPE: {"schema": {"$ref": f"{_SCHEMAS}{ProblemDocument.__name__}"}, "examples": examples}},
    }


def described_headers(*names: str, required: set[str] | None = None) -> dict[str, Any]:
    """Response headers with what they say; those that are `required` are always there."""
    return {
        name: {"description": _HEADERS[name], "schema": {"type": "string"}, "required": name in (required or ())}
        for name in names
    }


def describe(app: FastAPI) -> None:
    """Make `app` tell the schemas that FastAPI does not see, and no problem that FastAPI has and the gateway not."""
    app.description = _DESCRIPTION.strip()
    generated = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is not None:
            return app.openapi_schema
        schema = generated()
        components = schema["components"]["schemas"]
        for model in _NAMED_ONLY:
            described = model.model_json_schema(ref_template=_SCHEMAS + "{model}")
            components |= {**described.pop("$defs"), model.__name__: described}
        for unused in ("HTTPValidationError", "ValidationError"):
            components.pop(unused, None)
        for operations in schema["paths"].values():
            for operation in operations.values():
                _drop_fastapis_own(operation["responses"])
        return schema

    app.openapi = openapi  # type: ignore[method-assign]


def _drop_fastapis_own(responses: dict[str, Any]) -> None:
    """FastAPI adds a 422 of its own to each route with a parameter; ours are problem documents."""
    if MEDIA_TYPE not in responses.get("422", {"content": {MEDIA_TYPE: {}}})["content"]:
        del responses["422"]
