"""Batches of a few members, of which a test changes only what it is about."""

from typing import Any

from schemas.batches import BatchMember, BatchStatus
from schemas.identifiers import derived_task_id, task_created_at
from tests.unit.examples import NOON


def members_of(batch_id: str, count: int) -> tuple[BatchMember, ...]:
    """The members of a batch as a gateway makes them."""
    made_at = task_created_at(batch_id)
    assert made_at is not None
    return tuple(
        BatchMember(task_id=derived_task_id(made_at, batch_id, index), ticker="ACME", filing_year=2024)
        for index in range(count)
    )


def a_batch(batch_id: str, count: int = 3, **changes: Any) -> BatchStatus:
    """A batch's status; it has ended where all of its members have."""
    ended = sum(changes.get("ended", {}).values())
    end = {"status": "ENDED", "ended_at": NOON} if ended == count else {"status": "OPEN"}
    fields = {
        "batch_id": batch_id, "members": members_of(batch_id, count), "submitted_at": task_created_at(batch_id),
        **end, **changes,
    }  # fmt: skip
    return BatchStatus.model_validate(fields)
