"""How far a batch is: a function of its members and their outcomes."""

import random
from datetime import datetime, timedelta

import pytest

from schemas.batches import BatchMember, BatchOpened, MemberOutcome, RiskDigest
from schemas.identifiers import derived_task_id
from schemas.risks import Category
from schemas.tasks import TaskError, TaskState
from streams.batches.aggregate import status_of
from tests.unit.examples import NOON

BATCH = derived_task_id(NOON, "batch")
ERROR = TaskError(type="no_risk_factors_section", message="There is none.")


def _member(number: int, ticker: str = "ACME") -> BatchMember:
    return BatchMember(task_id=derived_task_id(NOON, BATCH, number), ticker=ticker, filing_year=2024)


def _outcome(
    member: BatchMember, state: TaskState = TaskState.SUCCESS, count: int = 1, ended_at: datetime = NOON
) -> MemberOutcome:
    digest = RiskDigest(by_category={Category.OTHER: count}) if state is TaskState.SUCCESS else RiskDigest()
    error = ERROR if state is TaskState.FAILURE else None
    return MemberOutcome(member=member, state=state, ended_at=ended_at, error=error, digest=digest)


def _batch(*tickers: str) -> BatchOpened:
    return BatchOpened(members=tuple(_member(n, ticker) for n, ticker in enumerate(tickers)), submitted_at=NOON)


def _outcomes(*outcomes: MemberOutcome) -> dict[str, MemberOutcome]:
    return {outcome.member.task_id: outcome for outcome in outcomes}


def test_a_batch_is_open_and_counts_who_has_ended_until_all_have() -> None:
    opened = _batch("A", "B", "C")
    first, second, _ = opened.members
    status = status_of(BATCH, opened, _outcomes(_outcome(first), _outcome(second, TaskState.FAILURE)))
    assert (status.status, status.ended_members) == ("OPEN", 2)
    assert status.ended == {TaskState.SUCCESS: 1, TaskState.FAILURE: 1}
    assert (status.batch_id, status.members, status.submitted_at) == (BATCH, opened.members, NOON)
    assert (status.digest, status.companies, status.failures) == (RiskDigest(), (), ())


@pytest.mark.parametrize("last", [TaskState.SUCCESS, TaskState.FAILURE, TaskState.CANCELLED])
def test_it_ends_with_its_last_member_however_that_ends(last: TaskState) -> None:
    opened = _batch("A", "B")
    outcomes = _outcomes(_outcome(opened.members[0]), _outcome(opened.members[1], last))
    assert status_of(BATCH, opened, outcomes).status == "ENDED"


def test_it_has_ended_when_the_last_of_its_members_had_whose_outcome_may_come_first() -> None:
    opened = _batch("A", "B")
    first, second = opened.members
    last = NOON + timedelta(minutes=1)
    assert status_of(BATCH, opened, _outcomes(_outcome(first, ended_at=last))).ended_at is None
    status = status_of(BATCH, opened, _outcomes(_outcome(first, ended_at=last), _outcome(second)))
    assert status.ended_at == last


def test_at_its_end_it_says_what_each_company_and_all_of_them_have_and_who_failed_and_why() -> None:
    opened = _batch("ZED", "ACME", "ZED", "ACME", "GONE")
    z1, a1, z2, a2, gone = opened.members
    status = status_of(
        BATCH,
        opened,
        _outcomes(
            _outcome(z1, count=2), _outcome(a1, TaskState.FAILURE), _outcome(z2, count=3), _outcome(a2, count=5),
            _outcome(gone, TaskState.CANCELLED),
        ),
    )  # fmt: skip
    by_company = {company.ticker: company.digest.by_category for company in status.companies}
    assert by_company == {"ACME": {Category.OTHER: 5}, "GONE": {}, "ZED": {Category.OTHER: 5}}
    assert list(by_company) == sorted(by_company)
    assert status.digest.by_category == {Category.OTHER: 10}
    failed = [(failure.member, failure.state, failure.error) for failure in status.failures]
    assert failed == [(a1, TaskState.FAILURE, ERROR), (gone, TaskState.CANCELLED, None)]


def test_the_order_in_which_members_ended_can_not_be_told_from_the_end() -> None:
    opened = _batch(*"ABCDEFGH")
    outcomes = [_outcome(member, random.Random(n).choice([*TaskState][3:])) for n, member in enumerate(opened.members)]
    ends = {
        status_of(BATCH, opened, _outcomes(*random.Random(seed).sample(outcomes, len(outcomes)))).model_dump_json()
        for seed in range(10)
    }
    assert len(ends) == 1


def test_an_outcome_of_a_task_that_is_no_member_does_not_count() -> None:
    opened = _batch("A", "B")
    stranger = _member(7)
    status = status_of(BATCH, opened, _outcomes(_outcome(stranger), _outcome(opened.members[0])))
    assert (status.status, status.ended_members) == ("OPEN", 1)
