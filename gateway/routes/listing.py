"""GET /tasks: the tasks of a key, the newest first, page by page."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Literal

import orjson
from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from gateway.api_description import EXAMPLES, Described, problems
from gateway.authentication import Caller, require
from gateway.keys import ApiKey
from gateway.labels import pairs
from gateway.materialised.database import DatabaseClosed
from gateway.problem_types import ANY_KEY
from gateway.problems import invalid_field, kafka_unavailable
from gateway.routes.kept import catch_up, no_older_than_told
from gateway.status_table.cursors import NoSuchCursor, cursor_at, position_at
from gateway.status_table.listing import Page, Wanted
from gateway.status_table.table import StatusTable
from gateway.status_view import shown_to
from schemas.filings import Ticker
from schemas.tasks import TaskState, TaskStatus
from schemas.topics import TASKS

router = APIRouter(tags=["tasks"])


def _with_a_date(value: object) -> object:
    """Pydantic takes a bare number for seconds since 1970, and a mistaken time for another one."""
    if isinstance(value, str) and not _DATE.match(value):
        raise ValueError("give a time with its offset from UTC, as 2026-01-31T12:00:00Z")
    return value


_DATE = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]")
_Moment = Annotated[AwareDatetime, BeforeValidator(_with_a_date)]
_Label = Annotated[str, Field(examples=["portfolio:growth-2025"], json_schema_extra={"pattern": ":"})]


class ListingQuery(BaseModel):
    """What is listed."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    owner: Literal["all"] | None = None
    """`all` lists everybody's tasks; for keys of scope `read:all`."""
    status: TaskState | None = None
    """Only tasks in this state."""
    ticker: Ticker | None = None
    """Only filings of this company."""
    label: Annotated[list[_Label], Field(max_length=10)] = []
    """Only tasks with this label, `name:value`; of several, with all of them."""
    submitted_after: _Moment | None = None
    """Only tasks that were submitted after this moment, a time with its offset from UTC."""
    submitted_before: _Moment | None = None
    """Only tasks that were submitted before this moment."""
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    """How many tasks a page has at most."""
    cursor: str | None = None
    """Where to go on: the `cursor` of the page before."""

    @field_validator("label")
    @classmethod
    def _pairs(cls, label: list[str]) -> list[str]:
        if pairs(label) is None:
            raise ValueError("give a label as name:value")
        return label


class TaskList(BaseModel):
    """A page of tasks."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    tasks: Sequence[TaskStatus]
    """The newest first, each without its result, which `GET /tasks/{id}` has."""
    cursor: str | None
    """Where the next page begins; null where this is the last. A page may be short, or empty, and have one."""


_ANSWERS: Described = {
    HTTPStatus.OK: {
        "description": "A page of tasks.",
        "content": {"application/json": {"example": EXAMPLES["tasks"]}},
    },
    **problems(*ANY_KEY, "invalid_request", "kafka_unavailable"),
}


@router.get("/tasks", response_model=TaskList, responses=_ANSWERS)
async def tasks(request: Request, caller: Caller, query: Annotated[ListingQuery, Query()]) -> Response:
    """The tasks that this key made, the newest first."""
    require(caller, "read")
    wanted, start = _wanted(query, caller), _start(query)
    if query.cursor is None:
        # Whoever was answered 202, by any gateway, finds its task; only new tasks can be missing, and they come first.
        await catch_up(request.app.state.follower, TASKS)
    else:
        await no_older_than_told(request.app.state.follower)
    table: StatusTable = request.app.state.table
    oldest_end = datetime.now(UTC) - request.app.state.settings.result_ttl
    try:
        page = table.page(wanted, start=start, limit=query.limit, ended_after=oldest_end)
    except DatabaseClosed as error:
        raise kafka_unavailable(f"The tasks can't be listed now: {error.strerror}.") from error
    return Response(_body(page, caller), media_type="application/json")


def _wanted(query: ListingQuery, caller: ApiKey) -> Wanted:
    if query.owner == "all":
        require(caller, "read:all")
    return Wanted(
        owner=caller.id,
        all_owners=query.owner == "all",
        state=query.status,
        ticker=query.ticker,
        labels=pairs(query.label) or (),
        after=query.submitted_after,
        before=query.submitted_before,
    )


def _start(query: ListingQuery) -> bytes:
    try:
        return b"" if query.cursor is None else position_at(query.cursor)
    except NoSuchCursor as error:
        raise invalid_field("cursor", "give the cursor of a page as it came") from error


def _body(page: Page, caller: ApiKey) -> bytes:
    cursor = None if page.next is None else cursor_at(page.next)
    tasks = b",".join(shown_to(caller, row, row.summary) for row in page.rows)
    return b'{"tasks":[' + tasks + b'],"cursor":' + orjson.dumps(cursor) + b"}"
