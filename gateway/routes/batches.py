"""GET and DELETE /batches/{id}: how far a batch is, and that the rest of it is not wanted any more."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from gateway.api_description import EXAMPLES, Described, described_headers, problems
from gateway.authentication import Caller, require, while_valid
from gateway.batches.batch_rows import BatchRow, BatchTable
from gateway.batches.batch_view import BatchView, view_body
from gateway.batches.batch_watching import BatchWatches
from gateway.cancellation_rate import CancellationRate
from gateway.canceller import Canceller
from gateway.keys import ApiKey
from gateway.problem_types import ANY_KEY
from gateway.problems import Problem, kafka_unavailable
from gateway.routes.batch_submissions import batch_url
from gateway.routes.kept import catch_up, is_past, no_older_than_told
from gateway.status_table.rows import StatusRow
from gateway.status_table.table import StatusTable
from gateway.trace import traceparent_of
from schemas.identifiers import task_created_at
from schemas.tasks import TaskOrigin
from schemas.topics import BATCHES, RISKS, TASKS
from transport.publisher import KafkaAway

router = APIRouter(tags=["batches"])

_POLL_AGAIN = {"Retry-After": "1"}

_ANSWERS: Described = {
    HTTPStatus.OK: {
        "description": "The batch's status; with `Retry-After` until it has ended.",
        "headers": described_headers("Retry-After"),
        "content": {"application/json": {"example": EXAMPLES["batch"]}},
    },
    **problems(*ANY_KEY, "no_such_batch", "batch_expired", "invalid_request", "kafka_unavailable"),
}


class CancellingBatch(BaseModel):
    """The answer to who does not want the rest of a batch any more."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    batch_id: str
    """As it was asked for."""
    status_url: str
    """Where the batch's status is."""
    message: str
    """For a person."""


_CANCELLING: Described = {
    HTTPStatus.ACCEPTED: {
        "description": "The cancellations are on Kafka; the batch's status tells which members they reached in time.",
        "headers": described_headers("Location", required={"Location"}),
        "content": {"application/json": {"example": EXAMPLES["batch_cancelling"]}},
    },
    **problems(
        *ANY_KEY, "no_such_batch", "batch_ended", "batch_expired", "too_many_cancellations", "kafka_unavailable"
    ),
}

BatchId = Annotated[str, Path(description="The id of an accepted batch, a UUIDv7.")]
Wait = Annotated[float, Query(ge=0, le=60, description="Seconds to wait for the batch's end before the answer.")]


@router.get("/batches/{batch_id}", response_model=BatchView, responses=_ANSWERS)
async def batch_status(request: Request, batch_id: BatchId, caller: Caller, wait: Wait = 0) -> Response:
    """How many members are in which state, and once all have ended what their filings say together.

    With `wait` it answers when the batch ends, or so many seconds later with how far it is then.
    """
    require(caller, "read")
    row: BatchRow | None = await owned_row(request, batch_id, caller)
    watches: BatchWatches = request.app.state.batch_watches
    if wait:
        row = await while_valid(request, caller, watches.end(batch_id, wait))
    if row is None:
        raise no_batch(batch_id, request.app.state.settings.result_ttl)
    if row.ended_at is not None:
        return Response(row.body, media_type="application/json")
    body = view_body(row.body, watches.standing(row))
    return Response(body, media_type="application/json", headers=_POLL_AGAIN)


@router.delete(
    "/batches/{batch_id}", status_code=HTTPStatus.ACCEPTED, response_model=CancellingBatch, responses=_CANCELLING
)
async def cancel_batch(request: Request, batch_id: BatchId, caller: Caller) -> Response:
    """Have each member end that has not: at once while it waits, else before its next step, if it stores nothing yet.

    The batch ends when all of them have. Asking again is harmless.
    """
    require(caller, "submit")
    row = await owned_row(request, batch_id, caller)
    # Another gateway may know of more ends, and of members that this one has not seen yet.
    await catch_up(request.app.state.follower, TASKS)
    table: StatusTable = request.app.state.table
    members = row.task_ids()
    open_ = [
        (task_id, head)
        for task_id, head in zip(members, table.heads(members), strict=True)
        if head is not None and not head.order.ended
    ]
    if not open_:
        raise Problem(HTTPStatus.CONFLICT, "batch_ended", f"All filings of batch {batch_id} have ended.")
    rate: CancellationRate = request.app.state.cancellation_rate
    rate.count(caller, len(open_))
    await _cancel(request, caller, batch_id, open_)
    url = batch_url(request, batch_id)
    message = f"{len(open_)} of {len(members)} filings are cancelled, but for those that store their result already."
    told = CancellingBatch(batch_id=batch_id, status_url=url, message=message)
    return JSONResponse(told.model_dump(), HTTPStatus.ACCEPTED, headers={"Location": url})


async def _cancel(request: Request, caller: ApiKey, batch_id: str, members: Sequence[tuple[str, StatusRow]]) -> None:
    canceller: Canceller = request.app.state.canceller
    traceparent = traceparent_of(request.headers)
    wishes = (
        canceller.cancel(
            task_id, TaskOrigin.model_validate_json(head.summary), owner=caller.id, traceparent=traceparent
        )
        for task_id, head in members
    )
    try:
        await asyncio.gather(*wishes)
    except KafkaAway as error:
        raise kafka_unavailable(f"Filings of batch {batch_id} may go on: {error}. Cancel it again later.") from error


async def owned_row(request: Request, batch_id: str, caller: ApiKey) -> BatchRow:
    """The row of the caller's batch, as new as the topic has it.

    Raises:
        Problem: 404 where there is none, 410 where it is past its life, 503 where that can't be told.
    """
    table: BatchTable = request.app.state.batches
    await no_older_than_told(request.app.state.follower)
    row = table.get(batch_id)
    if row is None and task_created_at(batch_id) is not None:
        # Another gateway may have accepted it a moment ago.
        await catch_up(request.app.state.follower, BATCHES)
        row = table.get(batch_id)
    life = request.app.state.settings.result_ttl
    if row is None or row.owner != caller.id:
        raise no_batch(batch_id, life)
    if is_past(row.ended_at, life):
        raise _gone(batch_id)
    return row


def no_batch(batch_id: str, life: timedelta) -> Problem:
    """404 for a batch that the caller has not; 410 where its id is older than a batch's life."""
    if is_past(task_created_at(batch_id), life):
        return _gone(batch_id)
    return Problem(HTTPStatus.NOT_FOUND, "no_such_batch", "There is no such batch among those of this API key.")


def _gone(batch_id: str) -> Problem:
    detail = (
        f"The status of batch {batch_id} is past its life and no longer kept. "
        f"The assessments of its filings are on the topic {RISKS} under their tasks' ids."
    )
    return Problem(HTTPStatus.GONE, "batch_expired", detail)
