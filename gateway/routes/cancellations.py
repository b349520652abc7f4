"""DELETE /tasks/{id}: asks for a task to be cancelled."""

from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from gateway.api_description import EXAMPLES, Described, described_headers, problems
from gateway.authentication import Caller, require
from gateway.cancellation_rate import CancellationRate
from gateway.canceller import Canceller
from gateway.problem_types import ANY_KEY
from gateway.problems import Problem, kafka_unavailable
from gateway.routes.kept import catch_up, is_past
from gateway.routes.submissions import Accepted, status_url
from gateway.routes.tasks import TaskId, gone, no_task
from gateway.status_table.rows import StatusRow
from gateway.status_table.table import StatusTable
from gateway.trace import traceparent_of
from schemas.identifiers import task_created_at
from schemas.tasks import StatusHead, TaskOrigin
from schemas.topics import TASKS
from transport.publisher import KafkaAway

router = APIRouter(tags=["tasks"])

_ANSWERS: Described = {
    HTTPStatus.ACCEPTED: {
        "description": "The cancellation is on Kafka; the task's status tells whether it came in time.",
        "headers": described_headers("Location", required={"Location"}),
        "content": {"application/json": {"example": EXAMPLES["cancelling"]}},
    },
    **problems(*ANY_KEY, "no_such_task", "task_ended", "task_expired", "too_many_cancellations", "kafka_unavailable"),
}


@router.delete("/tasks/{task_id}", status_code=HTTPStatus.ACCEPTED, response_model=Accepted, responses=_ANSWERS)
async def cancel_task(request: Request, task_id: TaskId, caller: Caller) -> Response:
    """Have a task end: at once while it waits, else before its next step; too late once it stores its result.

    Its status tells which it was. Asking again is harmless.
    """
    require(caller, "submit")
    table: StatusTable = request.app.state.table
    if task_created_at(task_id) is not None:
        # Another gateway may have told of its end already.
        await catch_up(request.app.state.follower, TASKS)
    row = table.get(task_id)
    life = request.app.state.settings.result_ttl
    # By the owner alone: `read:all` reads tasks of others, and an upstream's task has no key that may end it.
    if not isinstance(row, StatusRow) or row.owner != caller.id:
        raise no_task(task_id, life)
    if is_past(row.ended_at, life):
        raise gone(task_id)
    if row.order.ended:
        state = StatusHead.model_validate_json(row.body).status
        raise Problem(HTTPStatus.CONFLICT, "task_ended", f"Task {task_id} has ended in {state}.", state=state)
    canceller: Canceller = request.app.state.canceller
    rate: CancellationRate = request.app.state.cancellation_rate
    rate.count(caller)
    try:
        origin = TaskOrigin.model_validate_json(row.body)
        await canceller.cancel(task_id, origin, owner=caller.id, traceparent=traceparent_of(request.headers))
    except KafkaAway as error:
        raise kafka_unavailable(f"Task {task_id} may go on: {error}. Cancel it again later.") from error
    url = status_url(request, task_id)
    message = f"Task {task_id} is cancelled unless it stores its result already; its status tells."
    accepted = Accepted(task_id=task_id, status_url=url, message=message)
    return JSONResponse(accepted.model_dump(), HTTPStatus.ACCEPTED, headers={"Location": url})
