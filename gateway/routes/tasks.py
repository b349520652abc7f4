"""GET /tasks/{id}: how far a task is."""

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from gateway.api_description import EXAMPLES, Described, described_headers, problems
from gateway.authentication import Caller, require, while_valid
from gateway.keys import ApiKey
from gateway.problem_types import ANY_KEY
from gateway.problems import Problem
from gateway.routes.kept import catch_up, is_past, no_older_than_told
from gateway.status_table.rows import StatusRow
from gateway.status_table.table import StatusTable
from gateway.status_table.watching import TaskWatches
from gateway.status_view import shown_to
from schemas.identifiers import task_created_at
from schemas.tasks import TaskStatus
from schemas.topics import RISKS, TASKS

router = APIRouter(tags=["tasks"])

_POLL_AGAIN = {"Retry-After": "1"}


_ANSWERS: Described = {
    HTTPStatus.OK: {
        "description": "The task's status; with `Retry-After` until it has ended.",
        "headers": described_headers("Retry-After"),
        "content": {
            "application/json": {"examples": {name: {"value": each} for name, each in EXAMPLES["statuses"].items()}}
        },
    },
    **problems(*ANY_KEY, "no_such_task", "task_expired", "invalid_request", "kafka_unavailable"),
}

TaskId = Annotated[str, Path(description="The id of an accepted filing, a UUIDv7.")]
Wait = Annotated[float, Query(ge=0, le=60, description="Seconds to wait for the task's end before the answer.")]


@router.get("/tasks/{task_id}", name="task_status", response_model=TaskStatus, responses=_ANSWERS)
async def task_status(request: Request, task_id: TaskId, caller: Caller, wait: Wait = 0) -> Response:
    """The task's state, progress, and at its end the result or the error.

    With `wait` it answers when the task ends, or so many seconds later with how far it is then.
    """
    require(caller, "read")
    row = await readable_row(request, task_id, caller)
    if wait and not row.order.ended:
        row = await _later_row(request, task_id, caller, wait)
    return Response(
        shown_to(caller, row, row.body), media_type="application/json", headers={} if row.order.ended else _POLL_AGAIN
    )


async def _later_row(request: Request, task_id: str, caller: ApiKey, wait: float) -> StatusRow:
    """The row at the task's end, or so many seconds later; raises as `readable_row`."""
    watches: TaskWatches = request.app.state.watches
    with watches.of(task_id) as watch:
        if watch is not None:
            row, body = await while_valid(request, caller, watch.end(wait)), watch.body()
            if body is not None:
                return row._replace(body=body)
    # It went meanwhile, or the table was begun anew, which may have older statuses than the one that was waited for.
    return await readable_row(request, task_id, caller)


async def readable_row(request: Request, task_id: str, caller: ApiKey) -> StatusRow:
    """The row of a task that the caller may read.

    Raises:
        Problem: 404 where there is none, 410 where it is past its life, 503 where that can't be told.
    """
    table: StatusTable = request.app.state.table
    await no_older_than_told(request.app.state.follower)
    row = table.get(task_id)
    if row is None and task_created_at(task_id) is not None:
        # Another gateway may have accepted it a moment ago: what the topic holds by now must be here first.
        await catch_up(request.app.state.follower, TASKS)
        row = table.get(task_id)
    life = request.app.state.settings.result_ttl
    if not isinstance(row, StatusRow) or not _may_read(caller, row):
        raise no_task(task_id, life)
    if is_past(row.ended_at, life):
        raise gone(task_id)
    return row


def _may_read(caller: ApiKey, row: StatusRow) -> bool:
    return "read:all" in caller.scopes or row.owner == caller.id


def no_task(task_id: str, life: timedelta) -> Problem:
    """404 for a task that the caller has not; 410 where its id is older than a task's life."""
    if is_past(task_created_at(task_id), life):
        return gone(task_id)
    return Problem(HTTPStatus.NOT_FOUND, "no_such_task", "There is no such task among those of this API key.")


def gone(task_id: str) -> Problem:
    """410: the task is past its life."""
    detail = (
        f"The status of task {task_id} is past its life and no longer kept. "
        f"If it succeeded, its assessment is on the topic {RISKS} under this id."
    )
    return Problem(HTTPStatus.GONE, "task_expired", detail)
