"""Submissions as a test makes them, and the status table and the clock that they are judged by."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from gateway.admission import Admission
from gateway.keys import ApiKey
from gateway.limits import Limits
from gateway.problems import Problem
from schemas.identifiers import derived_task_id, task_created_at
from tests.unit.examples import an_api_key

QUOTA = 3
KEY = an_api_key("key-1")


class FakeIndex:
    """A status table by owner.

    Attributes:
        ids: owner -> its tasks.
        unended: owner -> how many have not ended.
    """

    def __init__(self) -> None:
        self.ids: dict[str, set[str]] = {}
        self.unended: dict[str, int] = {}

    def task_ids_between(self, owner: str, first: datetime, last: datetime, limit: int) -> Sequence[str]:
        """The newest."""
        made = (id_ for id_ in self.ids.get(owner, ()) if first <= _made(id_) <= last)
        return sorted(made, reverse=True)[:limit]

    def waiting(self, owner: str) -> int:
        """As the test says."""
        return self.unended.get(owner, 0)

    def shows(self, task_id: str) -> bool:
        """Whether it is anybody's."""
        return any(task_id in ids for ids in self.ids.values())


class Clock:
    """The time that it is, and as much later, or earlier, as a test says."""

    def __init__(self) -> None:
        self.later = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.later


def _made(task_id: str) -> datetime:
    made = task_created_at(task_id)
    assert made is not None
    return made


def limits_of(quota: int | None = QUOTA, waiting: int | None = None) -> Limits:
    return Limits(submissions_per_minute=quota, max_body_bytes=1024, open_streams=None, waiting_tasks=waiting)


def submit(admission: Admission, key: ApiKey = KEY, limits: Limits | None = None) -> str:
    """A submission that is accepted; returns its task's id."""
    with admission.submission(key, limits or limits_of()) as place:
        return place.publishing()


def refusal(admission: Admission, key: ApiKey = KEY, limits: Limits | None = None) -> Problem:
    with pytest.raises(Problem) as refused:
        submit(admission, key, limits)
    assert refused.value.status == 429
    return refused.value


def elsewhere(index: FakeIndex, clock: Clock, *ages: float) -> None:
    """Tasks of the key that another gateway accepted so many seconds ago, by the clock that it has."""
    for number, age in enumerate(ages):
        moment = clock() - timedelta(seconds=age)
        index.ids.setdefault(KEY.id, set()).add(derived_task_id(moment, number))
