"""GET /batches/{id}/events: a batch's progress as it happens."""

from contextlib import ExitStack
from functools import partial
from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from gateway.api_description import EXAMPLES, Described, problems
from gateway.authentication import Caller, is_still_valid, require
from gateway.batches.batch_watching import BatchWatches, position_of
from gateway.event_stream import EventStream
from gateway.limits import Limits
from gateway.open_streams import OpenStreams
from gateway.problem_types import ANY_KEY
from gateway.routes.batches import BatchId, owned_row
from gateway.routes.events import LastEventId
from gateway.settings import GatewaySettings

router = APIRouter(tags=["batches"])

_SCHEMAS = "#/components/schemas/"
_EVENT = {
    "type": "object",
    "required": ["id", "event", "data"],
    "properties": {
        "id": {"type": "string", "pattern": r"^\d+$"},
        "event": {"enum": ["OPEN", "ENDED"]},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {"anyOf": [{"$ref": _SCHEMAS + name} for name in ("BatchView", "BatchCounts")]},
        },
    },
}

_ANSWERS: Described = {
    HTTPStatus.OK: {
        "description": (
            "Events: `id` grows, `event` is the batch's status, `data` its counts and progress as JSON; with `ENDED`, "
            "all that `GET /batches/{batch_id}` tells."
        ),
        "content": {"text/event-stream": {"itemSchema": _EVENT, "example": EXAMPLES["batch_events"]}},
    },
    HTTPStatus.NO_CONTENT: {"description": "The end was seen already (`Last-Event-ID`): nothing follows."},
    **problems(*ANY_KEY, "no_such_batch", "batch_expired", "too_many_streams", "kafka_unavailable"),
}


@router.get("/batches/{batch_id}/events", response_class=Response, responses=_ANSWERS)
async def batch_events(
    request: Request, batch_id: BatchId, caller: Caller, last_event_id: LastEventId = None
) -> Response:
    """How many members are in which state, then each time that this changed; ends with the batch's end.

    Each is a Server-Sent Event; there are two a second at most, of which the newest has all. While nothing changes, a
    comment every few seconds shows that the connection lives.
    """
    require(caller, "read")
    row = await owned_row(request, batch_id, caller)
    seen = position_of(last_event_id)
    watches: BatchWatches = request.app.state.batch_watches
    if row.ended_at is not None and seen is not None and seen >= watches.standing(row).position:
        # A stream that ended would be asked for again and again.
        return Response(status_code=HTTPStatus.NO_CONTENT)
    settings: GatewaySettings = request.app.state.settings
    streams: OpenStreams = request.app.state.open_streams
    may_read = partial(is_still_valid, request, caller)
    with ExitStack() as held:
        held.enter_context(streams.one_more(caller, Limits.of(caller, settings)))
        events = held.enter_context(watches.events(batch_id, row, seen=seen))
        return EventStream(events, heartbeat=settings.heartbeat_seconds, may_read=may_read, held=held.pop_all())
