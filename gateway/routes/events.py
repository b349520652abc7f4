"""GET /tasks/{id}/events: a task's progress as it happens."""

from contextlib import ExitStack
from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response

from gateway.api_description import EXAMPLES, Described, problems
from gateway.authentication import Caller, is_still_valid, require
from gateway.event_stream import EventStream
from gateway.keys import ApiKey
from gateway.limits import Limits
from gateway.open_streams import OpenStreams
from gateway.problem_types import ANY_KEY
from gateway.routes.tasks import TaskId, no_task, readable_row
from gateway.settings import GatewaySettings
from gateway.status_table.task_events import TaskEvents, order_of
from gateway.status_table.watching import TaskWatches
from gateway.status_view import shown_to

router = APIRouter(tags=["tasks"])

_EVENT = {
    "type": "object",
    "required": ["id", "event", "data"],
    "properties": {
        "id": {"type": "string", "pattern": r"^\d\.\d$"},
        "event": {"$ref": "#/components/schemas/TaskState"},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {"$ref": "#/components/schemas/TaskStatus"},
        },
    },
}
"""`itemSchema` is OpenAPI 3.2's word for each event of a stream; older readers see the example."""

_ANSWERS: Described = {
    HTTPStatus.OK: {
        "description": "Events: `id` is attempt and step, `event` the state, `data` the task's status as JSON.",
        "content": {"text/event-stream": {"itemSchema": _EVENT, "example": EXAMPLES["events"]}},
    },
    HTTPStatus.NO_CONTENT: {"description": "The end was seen already (`Last-Event-ID`): nothing follows."},
    **problems(*ANY_KEY, "no_such_task", "task_expired", "too_many_streams", "kafka_unavailable"),
}

LastEventId = Annotated[
    str | None, Header(description="The `id` of the last event that was seen: only what is newer is sent.")
]


@router.get("/tasks/{task_id}/events", response_class=Response, responses=_ANSWERS)
async def task_events(request: Request, task_id: TaskId, caller: Caller, last_event_id: LastEventId = None) -> Response:
    """The task's newest status, then each change as a Server-Sent Event; ends with the task's end.

    While nothing changes, a comment every few seconds shows that the connection lives.
    """
    require(caller, "read")
    row = await readable_row(request, task_id, caller)
    seen = order_of(last_event_id)
    if row.order.ended and not row.order.supersedes(seen):
        # A stream that ended would be asked for again and again.
        return Response(status_code=HTTPStatus.NO_CONTENT)
    return open_stream(request, caller, task_id, last_event_id)


def open_stream(request: Request, caller: ApiKey, task_id: str, last_event_id: str | None) -> EventStream:
    """Open a stream of a task for a caller who may read it.

    Raises:
        Problem: 404 where the task went meanwhile, 429 where the caller has as many streams open as it may.
    """
    watches: TaskWatches = request.app.state.watches
    settings: GatewaySettings = request.app.state.settings
    streams: OpenStreams = request.app.state.open_streams
    may_read = partial(is_still_valid, request, caller)
    with ExitStack() as held:
        held.enter_context(streams.one_more(caller, Limits.of(caller, settings)))
        watch = held.enter_context(watches.of(task_id))
        if watch is None:
            raise no_task(task_id, settings.result_ttl)
        events = TaskEvents(watch, partial(shown_to, caller), seen=order_of(last_event_id))
        return EventStream(events, heartbeat=settings.heartbeat_seconds, may_read=may_read, held=held.pop_all())
