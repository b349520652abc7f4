"""How far a batch is, from its members and their outcomes alone. Pure, so that a repeat gives the same status."""

from collections import Counter
from collections.abc import Mapping
from itertools import groupby

from schemas.batches import (
    BatchOpened,
    BatchStatus,
    CompanyDigest,
    MemberFailure,
    MemberOutcome,
)
from schemas.tasks import TaskState
from streams.batches.digests import merged

Outcomes = Mapping[str, MemberOutcome]
"""Task id -> how it ended; those of members only."""


def status_of(batch_id: str, opened: BatchOpened, outcomes: Outcomes) -> BatchStatus:
    """The batch's status; with what all members say once each of them has ended."""
    ended = [outcomes[member.task_id] for member in opened.members if member.task_id in outcomes]
    is_over = len(ended) == len(opened.members)
    status = BatchStatus(
        batch_id=batch_id,
        status="ENDED" if is_over else "OPEN",
        members=opened.members,
        ended=dict(sorted(Counter(outcome.state for outcome in ended).items())),
        submitted_at=opened.submitted_at,
        ended_at=max(outcome.ended_at for outcome in ended) if is_over else None,
        callback_url=opened.callback_url,
    )
    return _with_what_all_say(status, ended) if is_over else status


def _with_what_all_say(status: BatchStatus, ended: list[MemberOutcome]) -> BatchStatus:
    by_ticker = sorted(ended, key=lambda outcome: outcome.member.ticker)
    companies = tuple(
        CompanyDigest(ticker=ticker, digest=merged([outcome.digest for outcome in of_one]))
        for ticker, of_one in groupby(by_ticker, key=lambda outcome: outcome.member.ticker)
    )
    failures = tuple(
        MemberFailure(member=outcome.member, state=outcome.state, error=outcome.error)
        for outcome in ended
        if outcome.state is not TaskState.SUCCESS
    )
    digest = merged([company.digest for company in companies])
    return status.model_copy(update={"digest": digest, "companies": companies, "failures": failures})
