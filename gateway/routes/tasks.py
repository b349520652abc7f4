"""GET /tasks/{id}: how far a task is."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from gateway.api_description import EXAMPLES, Described, described_headers, problems
from gateway.authentication import Caller, require
from gateway.keys import ApiKey
from gateway.problem_types import ANY_KEY
from gateway.problems import Problem, kafka_unavailable
from gateway.status_table.follower import StatusFollower, StatusTableBehind
from gateway.status_table.rows import StatusRow
from gateway.status_table.table import StatusTable
from schemas.identifiers import task_created_at
from schemas.tasks import TaskStatus
from schemas.topics import RISKS

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
    **problems(*ANY_KEY, "no_such_task", "task_expired", "kafka_unavailable"),
}

TaskId = Annotated[str, Path(description="The id of an accepted filing, a UUIDv7.")]


@router.get("/tasks/{task_id}", name="task_status", response_model=TaskStatus, responses=_ANSWERS)
async def task_status(request: Request, task_id: TaskId, caller: Caller) -> Response:
    """The task's state, progress, and at its end the result or the error."""
    require(caller, "read")
    table: StatusTable = request.app.state.table
    row = table.get(task_id)
    if row is None and task_created_at(task_id) is not None:
        # Another gateway may have accepted it a moment ago: what the topic holds by now must be here first.
        await _catch_up(request.app.state.follower)
        row = table.get(task_id)
    life = request.app.state.settings.result_ttl
    if not isinstance(row, StatusRow) or not _may_read(caller, row):
        raise _no_task(task_id, life)
    if row.ended_at is not None and datetime.now(UTC) - row.ended_at > life:
        raise _gone(task_id)
    return Response(row.body, media_type="application/json", headers={} if row.order.ended else _POLL_AGAIN)


async def _catch_up(follower: StatusFollower) -> None:
    try:
        await follower.catch_up()
    except StatusTableBehind as error:
        raise kafka_unavailable(f"Nothing can be said of this task now: {error}.") from error


def _may_read(caller: ApiKey, row: StatusRow) -> bool:
    return "read:all" in caller.scopes or row.owner == caller.id


def _no_task(task_id: str, life: timedelta) -> Problem:
    made = task_created_at(task_id)
    if made is not None and datetime.now(UTC) - made > life:
        return _gone(task_id)
    return Problem(HTTPStatus.NOT_FOUND, "no_such_task", "There is no such task among those of this API key.")


def _gone(task_id: str) -> Problem:
    detail = (
        f"The status of task {task_id} is past its life and no longer kept. "
        f"If it succeeded, its assessment is on the topic {RISKS} under this id."
    )
    return Problem(HTTPStatus.GONE, "task_expired", detail)
