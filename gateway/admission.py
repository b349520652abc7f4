"""Whether a key may submit now: how many filings it has submitted within a minute, and how many tasks are on their way.

The status table of each gateway knows every key's tasks, and their ids tell when they were made. So all gateways count
the same, without asking anybody: what the table shows, and what this gateway admitted and the table does not show yet.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Protocol

from gateway.keys import ApiKey
from gateway.limits import Limits
from gateway.problems import Problem
from schemas.identifiers import new_task_id, task_created_at

WINDOW = timedelta(seconds=60)
_CLOCKS_APART = timedelta(seconds=10)
"""The clocks of two gateways differ by less. What was made later than this from now was made before the clock was set
back: it would count until that time has come and a minute more."""
_POLICY = "submissions"
_WAIT_FOR_AN_END = 5
"""Seconds after which a key with too many tasks comes again; when one of them ends nobody knows."""


class TaskIndex(Protocol):
    """What the status table knows of a key's tasks."""

    def task_ids_between(self, owner: str, first: datetime, last: datetime, limit: int) -> Sequence[str]:
        """Ids of the owner's tasks that were made from `first` to `last`; of more than `limit` the newest."""
        ...

    def waiting(self, owner: str) -> int:
        """How many of the owner's tasks have not ended."""
        ...

    def shows(self, task_id: str) -> bool:
        """Whether the table holds the task."""
        ...


@dataclass(eq=False, slots=True)
class Place:
    """One submission of a key, which counts from before its body is read."""

    since: datetime
    now: Callable[[], datetime]
    replay: bool = False
    """It is of a submission that was accepted before; it counts for nothing, and nothing is published."""
    refused: bool = False
    """What it asks for was refused. It counts for a minute from `since`, though nothing is published."""
    task_id: str | None = None
    """It has one from the moment that the filing may be on Kafka, and counts by it from then on."""

    def publishing(self) -> str:
        """The id to publish the filing under. The place is kept from now on, unless it is `given_back`."""
        self.task_id = new_task_id(self.now())
        return self.task_id

    def published(self, task_id: str) -> None:
        """The filing is on Kafka under this id, or may be."""
        self.task_id = task_id

    def refuse(self) -> None:
        """Nothing is published, and the place is not given back: it counts from now on."""
        self.task_id, self.refused, self.since = None, True, self.now()

    def given_back(self) -> None:
        """The filing surely is not on Kafka."""
        self.task_id = None


@dataclass(frozen=True, slots=True)
class Admission:
    """Admits submissions, one by one, so that of many at once not more than the limit get through.

    Attributes:
        tasks: the status table.
        now: the clock, in UTC.
    """

    tasks: TaskIndex
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _places: dict[str, list[Place]] = field(default_factory=dict)
    """Key id -> what is under way, and what the table does not show yet."""

    @contextmanager
    def submission(self, key: ApiKey, limits: Limits, *, replay: bool = False) -> Iterator[Place]:
        """A place for a submission, given back if nothing was published; a `replay` takes none.

        What the gateway refuses for what is in the request, a `replay` too, costs a place of the rate: a body that is
        no filing is as much work as one that is. Given back are 408, 5xx, and what a client breaks off.

        Raises:
            Problem: 429 if the key has no place left. This and all that are raised inside have the rate's headers.
        """
        place = Place(self.now(), self.now, replay)
        if limits.submissions_per_minute is None and limits.waiting_tasks is None:
            yield place
            return
        try:
            with self._replaying(key.id, limits, place) if replay else self._taken(key.id, limits, place):
                yield place
        except Problem as problem:
            problem.headers |= self.rate_headers(key, limits)
            raise

    @contextmanager
    def _taken(self, owner: str, limits: Limits, place: Place) -> Iterator[None]:
        # Nothing is awaited between the count and the place: others that come at once see it.
        self._check(owner, limits)
        self._places.setdefault(owner, []).append(place)
        try:
            yield
        except Problem as problem:
            if limits.submissions_per_minute is not None and _costs(problem):
                place.refuse()
            raise
        finally:
            self._leave(owner, place)

    @contextmanager
    def _replaying(self, owner: str, limits: Limits, place: Place) -> Iterator[None]:
        quota = limits.submissions_per_minute
        refused = sorted(each.since for each in self._unseen(owner) if each.refused)
        if quota is not None and len(refused) >= quota:
            raise _rate_limited(quota, _seconds_until(refused[-quota] + WINDOW, self.now()))
        try:
            yield
        except Problem as problem:
            if quota is not None and _costs(problem):
                place.refuse()
                self._places.setdefault(owner, []).append(place)
            raise

    @contextmanager
    def further(self, key: ApiKey, limits: Limits, count: int) -> Iterator[list[Place]]:
        """So many more places for a submission of several filings: all of them or none; as `submission`.

        To be entered inside of `submission`, whose own place counts for a minute if there are too few others.
        """
        quota = limits.submissions_per_minute
        if count and quota is not None and count >= quota:
            raise _larger_than_the_rate(quota, count + 1)
        places = [Place(self.now(), self.now) for _ in range(count)]
        if not count or (limits.submissions_per_minute is None and limits.waiting_tasks is None):
            yield places
            return
        self._check(key.id, limits, count, again=1)
        self._places.setdefault(key.id, []).extend(places)
        try:
            yield places
        finally:
            for place in places:
                self._leave(key.id, place)

    def rate_headers(self, key: ApiKey, limits: Limits) -> dict[str, str]:
        """`RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10), where the key has a rate."""
        quota = limits.submissions_per_minute
        if quota is None:
            return {}
        made = self._made(key.id, quota)
        reset = _seconds_until(made[-1] + WINDOW, self.now()) if made else int(WINDOW.total_seconds())
        return {
            "RateLimit-Policy": f'"{_POLICY}";q={quota};w={int(WINDOW.total_seconds())}',
            "RateLimit": f'"{_POLICY}";r={max(0, quota - len(made))};t={reset}',
        }

    def _check(self, owner: str, limits: Limits, count: int = 1, *, again: int = 0) -> None:
        """Raise a 429 problem if there is no room for `count` more; sent again it needs `again` more than that."""
        quota = limits.submissions_per_minute
        if quota is not None:
            made = self._made(owner, quota)
            if len(made) + count > quota:
                # There is room when the newest of those that must make it was made a minute ago.
                last_to_leave = made[-(len(made) + count + again - quota)]
                raise _rate_limited(quota, _seconds_until(last_to_leave + WINDOW, self.now()))
        if limits.waiting_tasks is not None and self._waiting(owner) + count > limits.waiting_tasks:
            raise _too_many_waiting(limits.waiting_tasks)

    def _made(self, owner: str, quota: int) -> list[datetime]:
        """When the owner's submissions of the last minute were made, the newest first, and not more than the quota."""
        now = self.now()
        first, last = now - WINDOW, now + _CLOCKS_APART
        # First what is under way, then the table: what comes into the table in between is one task by its id.
        places = self._unseen(owner)
        ids = {
            *self.tasks.task_ids_between(owner, first, last, quota),
            *(each.task_id for each in places if each.task_id),
        }
        made = [moment for id_ in ids if (moment := task_created_at(id_)) is not None]
        # A body that takes minutes to come counts until it is here; the clock may be set back meanwhile.
        made += [min(max(each.since, first), now) for each in places if each.task_id is None]
        return sorted(made, reverse=True)[:quota]

    def _waiting(self, owner: str) -> int:
        return sum(not each.refused for each in self._unseen(owner)) + self.tasks.waiting(owner)

    def _unseen(self, owner: str) -> list[Place]:
        """The places that the table does not show; the others are forgotten."""
        now = self.now()
        unseen = [each for each in self._places.get(owner, ()) if self._is_unseen(each, now)]
        if unseen:
            self._places[owner] = unseen
        else:
            self._places.pop(owner, None)
        return unseen

    def _is_unseen(self, place: Place, now: datetime) -> bool:
        if place.refused:
            return now - WINDOW <= place.since <= now + _CLOCKS_APART
        if place.task_id is None:
            return True
        made = task_created_at(place.task_id)
        # A table that stands still must not make this list grow.
        counts = made is not None and now - WINDOW <= made <= now + _CLOCKS_APART
        return counts and not self.tasks.shows(place.task_id)

    def _leave(self, owner: str, place: Place) -> None:
        """Give the place back if nothing was published, nor refused."""
        if place.task_id is None and not place.refused:
            self._places[owner] = [each for each in self._places.get(owner, ()) if each is not place]


def _seconds_until(moment: datetime, now: datetime) -> int:
    return max(1, math.ceil((moment - now).total_seconds()))


def _costs(problem: Problem) -> bool:
    """Whether it is the request's own fault. A body that stops coming may be its line's."""
    return 400 <= problem.status < 500 and problem.status is not HTTPStatus.REQUEST_TIMEOUT


def _rate_limited(quota: int, seconds: int) -> Problem:
    detail = f"Submissions of this API key are limited to {quota} a minute. Send this one again in {seconds} s."
    return Problem(HTTPStatus.TOO_MANY_REQUESTS, "rate_limited", detail, headers={"Retry-After": str(seconds)})


def _larger_than_the_rate(quota: int, size: int) -> Problem:
    detail = (
        f"Submissions of this API key are limited to {quota} a minute, and the batch has {size}. Send smaller ones."
    )
    headers = {"Retry-After": str(int(WINDOW.total_seconds()))}
    return Problem(HTTPStatus.TOO_MANY_REQUESTS, "rate_limited", detail, headers=headers)


def _too_many_waiting(limit: int) -> Problem:
    detail = f"Tasks of this API key that have not ended are limited to {limit}. Send this filing when one has."
    headers = {"Retry-After": str(_WAIT_FOR_AN_END)}
    return Problem(HTTPStatus.TOO_MANY_REQUESTS, "too_many_waiting", detail, headers=headers)
