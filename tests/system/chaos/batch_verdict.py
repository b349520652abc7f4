"""What came of the batches of a run: each closed once, saying of each member what its task says."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.batches import BatchStatus
from schemas.tasks import TaskState, TaskStatus
from tests.system.chaos.clients import AcceptedBatch
from tests.system.chaos.facts import Facts, ToldOfBatch


@dataclass(frozen=True, slots=True)
class BatchFaults:
    """The ids of batches that broke a promise.

    Attributes:
        not_closed: without a closing event.
        doubled: told differently under one event id, closed under several, or made beside the one that was accepted.
        wrong: whose closing event does not say of each member what that task's end says.
        unreadable: of which a gateway does not tell this.
    """

    not_closed: Sequence[str]
    doubled: Sequence[str]
    wrong: Sequence[str]
    unreadable: Sequence[str]


def faults_of_batches(
    accepted: Sequence[AcceptedBatch], facts: Facts, told: Mapping[str, Sequence[Mapping[str, Any]]]
) -> BatchFaults:
    """Compare.

    Args:
        told: batch -> what each gateway tells of it at the end.
    """
    closings = {batch.batch_id: _closings(facts.batches.get(batch.batch_id, ())) for batch in accepted}
    ends = {batch.batch_id: _ends(batch, facts) for batch in accepted}
    known = {batch.batch_id for batch in accepted}
    return BatchFaults(
        not_closed=[batch_id for batch_id, found in closings.items() if not found],
        doubled=[
            batch_id
            for batch_id, statuses in facts.batches.items()
            if batch_id not in known or _differs(statuses) or len(closings[batch_id]) > 1
        ],
        wrong=[
            batch_id
            for batch_id, found in closings.items()
            if not all(_agrees(closing, ends[batch_id]) for closing in found.values())
        ],
        unreadable=[batch_id for batch_id in known for view in told[batch_id] if not _is_told_by(view, ends[batch_id])],
    )


Ends = Mapping[str, TaskStatus | None]
"""A batch's tasks, in the order of the request, and how each ended."""


def _ends(batch: AcceptedBatch, facts: Facts) -> Ends:
    return {filing.task_id: next(iter(facts.ends.get(filing.task_id, ())), None) for filing in batch.filings}


def _closings(statuses: Sequence[ToldOfBatch]) -> dict[str, BatchStatus]:
    """The closing events, of each event id the newest."""
    told = ((each.event_id, BatchStatus.model_validate_json(each.data)) for each in statuses if each.data)
    return {event_id: status for event_id, status in told if status.status == "ENDED"}


def _differs(statuses: Sequence[ToldOfBatch]) -> bool:
    """Whether a repeat is not the same to the last byte; one that was taken back is none."""
    return len({each.event_id for each in statuses}) < len(set(statuses)) or not all(each.data for each in statuses)


def _agrees(closing: BatchStatus, ends: Ends) -> bool:
    failures = [
        (task_id, end.status, end.error)
        for task_id, end in ends.items()
        if end is not None and end.status is not TaskState.SUCCESS
    ]
    return (
        [member.task_id for member in closing.members] == [*ends]
        and closing.ended == _counts(ends)
        and [(each.member.task_id, each.state, each.error) for each in closing.failures] == failures
    )


def _is_told_by(view: Mapping[str, Any], ends: Ends) -> bool:
    return (
        view.get("status") == "ENDED"
        and [member["task_id"] for member in view["members"]] == [*ends]
        and view["counts"] == _counts(ends)
        and view["progress"] == {"current": len(ends), "total": len(ends)}
    )


def _counts(ends: Ends) -> Mapping[TaskState | None, int]:
    """State -> how many members ended in it; None for those that did not."""
    return Counter(None if end is None else end.status for end in ends.values())
