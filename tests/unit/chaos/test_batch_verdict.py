"""The chaos run's verdict on batches finds what is wrong with them."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from gateway.batches.batch_view import ended_standing, view_body
from schemas.batches import BatchMember, BatchOpened, BatchStatus, MemberOutcome
from schemas.events import batch_status
from schemas.identifiers import derived_task_id
from schemas.tasks import TaskError, TaskState, TaskStatus
from streams.batches.aggregate import status_of
from tests.system.chaos.batch_verdict import BatchFaults, faults_of_batches
from tests.system.chaos.clients import AcceptedBatch, AcceptedFiling
from tests.system.chaos.facts import Facts, ToldOfBatch
from tests.system.chaos.plan import PlannedFiling
from tests.unit.examples import NOON, a_status

BATCH, OTHER = derived_task_id(NOON, "batch"), derived_task_id(NOON, "other")
MEMBERS = tuple(
    BatchMember(task_id=derived_task_id(NOON, BATCH, number), ticker="ACME", filing_year=2024) for number in range(3)
)
OPENED = BatchOpened(members=MEMBERS, submitted_at=NOON)
ERROR = TaskError(type="not_a_filing", message="It is not a filing.")
NONE = BatchFaults(not_closed=[], doubled=[], wrong=[], unreadable=[])


def _ends(*states: TaskState) -> dict[str, Sequence[TaskStatus]]:
    errors = [ERROR if state is TaskState.FAILURE else None for state in states]
    return {
        member.task_id: [a_status(state, task_id=member.task_id, error=error, ended_at=NOON)]
        for member, state, error in zip(MEMBERS, states, errors, strict=False)
    }


ENDS = _ends(TaskState.SUCCESS, TaskState.FAILURE, TaskState.SUCCESS)


def _status(ends: dict[str, Sequence[TaskStatus]]) -> BatchStatus:
    outcomes = {
        member.task_id: MemberOutcome(member=member, state=end.status, error=end.error, ended_at=NOON)
        for member in MEMBERS
        for end in ends.get(member.task_id, ())
    }
    return status_of(BATCH, OPENED, outcomes)


def _told(status: BatchStatus) -> ToldOfBatch:
    event = batch_status(status, source="/test", time=NOON, owner="key-1")
    return ToldOfBatch(event.id, event.data)


OPEN, CLOSING = _told(_status({})), _told(_status(ENDS))
CLOSED = _status(ENDS)
VIEW = json.loads(view_body(CLOSED.model_dump_json().encode(), ended_standing(CLOSED.ended)))


def faults(*told: ToldOfBatch, view: dict[str, Any] = VIEW, beside: bool = False) -> BatchFaults:
    """The faults, where this is on the topic of batches, and one gateway of two tells this."""
    planned = PlannedFiling("ACME", "doze")
    batch = AcceptedBatch(BATCH, [AcceptedFiling(planned, member.task_id, "doze-1") for member in MEMBERS])
    batches = {BATCH: told} | ({OTHER: [OPEN]} if beside else {})
    return faults_of_batches([batch], Facts(ENDS, [], {}, batches), {BATCH: [VIEW, view]})


def test_a_batch_that_is_closed_once_with_its_members_ends_is_right_however_often_that_is_repeated() -> None:
    assert faults(OPEN, CLOSING) == NONE
    # A late repeat of the first status, too: readers keep the one with the most ended members.
    assert faults(OPEN, OPEN, CLOSING, CLOSING, OPEN) == NONE


def test_a_batch_without_a_closing_event_is_not_closed() -> None:
    assert faults(OPEN).not_closed == [BATCH]
    assert faults().not_closed == [BATCH]


@pytest.mark.parametrize(
    "ends",
    [
        _ends(TaskState.SUCCESS, TaskState.SUCCESS, TaskState.SUCCESS),
        _ends(TaskState.FAILURE, TaskState.SUCCESS, TaskState.SUCCESS),
        _ends(TaskState.SUCCESS, TaskState.CANCELLED, TaskState.SUCCESS),
    ],
)
def test_a_closing_event_that_says_something_else_of_a_member_than_its_task_is_wrong(
    ends: dict[str, Sequence[TaskStatus]],
) -> None:
    assert faults(OPEN, _told(_status(ends))).wrong == [BATCH]


def test_a_closing_event_that_lacks_a_member_or_its_outcome_is_wrong() -> None:
    closing = _status(ENDS)
    assert faults(_told(closing.model_copy(update={"members": MEMBERS[:2]}))).wrong == [BATCH]
    assert faults(_told(closing.model_copy(update={"ended": {TaskState.FAILURE: 1}}))).wrong == [BATCH]
    assert faults(_told(closing.model_copy(update={"failures": ()}))).wrong == [BATCH]


def test_a_repeat_that_differs_a_second_closing_event_and_a_tombstone_double_a_batch() -> None:
    assert faults(OPEN, CLOSING, CLOSING._replace(data=CLOSING.data + b" ")).doubled == [BATCH]
    assert faults(OPEN, CLOSING, CLOSING._replace(event_id=f"{BATCH}.4")).doubled == [BATCH]
    assert faults(OPEN, CLOSING, ToldOfBatch("", b"")).doubled == [BATCH]


def test_a_batch_that_was_made_beside_the_accepted_one_is_doubled() -> None:
    assert faults(OPEN, CLOSING, beside=True).doubled == [OTHER]


@pytest.mark.parametrize(
    "view",
    [
        {},
        {**VIEW, "status": "OPEN"},
        {**VIEW, "counts": {"SUCCESS": 3}},
        {**VIEW, "members": VIEW["members"][:2]},
        {**VIEW, "progress": {"current": 2, "total": 3}},
    ],
)
def test_a_gateway_that_tells_something_else_of_a_batch_is_found(view: dict[str, Any]) -> None:
    assert faults(OPEN, CLOSING, view=view).unreadable == [BATCH]
