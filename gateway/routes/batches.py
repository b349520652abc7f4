"""GET /batches/{id}: how far a batch is."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from gateway.api_description import EXAMPLES, Described, described_headers, problems
from gateway.authentication import Caller, require
from gateway.batches.batch_rows import BatchRow, BatchTable
from gateway.batches.batch_view import BatchView, view_of
from gateway.keys import ApiKey
from gateway.materialised.follower import TableBehind, TopicsFollower
from gateway.problem_types import ANY_KEY
from gateway.problems import Problem, kafka_unavailable
from gateway.status_table.table import StatusTable
from schemas.batches import BatchStatus
from schemas.identifiers import task_created_at
from schemas.topics import BATCHES, RISKS

router = APIRouter(tags=["batches"])

_POLL_AGAIN = {"Retry-After": "1"}

_ANSWERS: Described = {
    HTTPStatus.OK: {
        "description": "The batch's status; with `Retry-After` until it has ended.",
        "headers": described_headers("Retry-After"),
        "content": {"application/json": {"example": EXAMPLES["batch"]}},
    },
    **problems(*ANY_KEY, "no_such_batch", "batch_expired", "kafka_unavailable"),
}

BatchId = Annotated[str, Path(description="The id of an accepted batch, a UUIDv7.")]


@router.get("/batches/{batch_id}", response_model=BatchView, responses=_ANSWERS)
async def batch_status(request: Request, batch_id: BatchId, caller: Caller) -> Response:
    """How many members are in which state, and once all have ended what their filings say together."""
    require(caller, "read")
    row = await owned_row(request, batch_id, caller)
    status = BatchStatus.model_validate_json(row.body)
    table: StatusTable = request.app.state.table
    view = view_of(status, table.states([member.task_id for member in status.members]))
    headers = _POLL_AGAIN if row.ended_at is None else {}
    return Response(view.model_dump_json(), media_type="application/json", headers=headers)


async def owned_row(request: Request, batch_id: str, caller: ApiKey) -> BatchRow:
    """The row of the caller's batch, as new as the topic has it.

    Raises:
        Problem: 404 where there is none, 410 where it is past its life, 503 where that can't be told.
    """
    table: BatchTable = request.app.state.batches
    row = table.get(batch_id)
    if row is None and task_created_at(batch_id) is not None:
        # Another gateway may have accepted it a moment ago.
        await _catch_up(request.app.state.follower)
        row = table.get(batch_id)
    now, life = datetime.now(UTC), request.app.state.settings.result_ttl
    if row is not None and row.owner == caller.id:
        if row.ended_at is not None and now - row.ended_at > life:
            raise _gone(batch_id)
        return row
    made = task_created_at(batch_id)
    if made is not None and now - made > life:
        raise _gone(batch_id)
    raise Problem(HTTPStatus.NOT_FOUND, "no_such_batch", "There is no such batch among those of this API key.")


async def _catch_up(follower: TopicsFollower) -> None:
    try:
        await follower.catch_up(BATCHES)
    except TableBehind as error:
        raise kafka_unavailable(f"Nothing can be said of batches now: {error}.") from error


def _gone(batch_id: str) -> Problem:
    detail = (
        f"The status of batch {batch_id} is past its life and no longer kept. "
        f"The assessments of its filings are on the topic {RISKS} under their tasks' ids."
    )
    return Problem(HTTPStatus.GONE, "batch_expired", detail)
