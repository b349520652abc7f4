"""How many tasks a key has cancelled within a minute: each is a record on Kafka, however often it is asked for."""

import time
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from math import ceil

from gateway.keys import ApiKey
from gateway.problems import Problem

_WINDOW = 60.0
"""Seconds that a cancellation counts."""


class CancellationRate:
    """Counts cancellations by key, at this gateway.

    Args:
        quota: cancellations within 60 s; None is no limit.
        now: a clock that is never set back, in seconds.
    """

    def __init__(self, quota: int | None, now: Callable[[], float] = time.monotonic) -> None:
        self._quota, self._now = quota, now
        self._made: dict[str, deque[tuple[float, int]]] = {}

    def count(self, key: ApiKey, tasks: int = 1) -> None:
        """Count cancellations that are about to be published.

        A batch that has more members than the quota is let through if the key has cancelled nothing for a minute.

        Raises:
            Problem: 429 if they are too many; none is counted then.
        """
        if self._quota is None:
            return
        now = self._now()
        self._forget(now)
        made = self._made.setdefault(key.id, deque())
        excess = sum(count for _, count in made) + tasks - self._quota
        if made and excess > 0:
            raise _too_many(self._quota, _when_fewer(made, excess) - now)
        made.append((now, tasks))

    def _forget(self, now: float) -> None:
        for owner in list(self._made):
            made = self._made[owner]
            while made and made[0][0] <= now - _WINDOW:
                made.popleft()
            if not made:
                del self._made[owner]


def _when_fewer(made: deque[tuple[float, int]], excess: int) -> float:
    """When so many of those that were made count no more, or the last of them."""
    for moment, count in made:
        excess -= count
        if excess <= 0:
            return moment + _WINDOW
    return made[-1][0] + _WINDOW


def _too_many(quota: int, seconds: float) -> Problem:
    wait = max(1, ceil(seconds))
    detail = f"Cancellations of this API key are limited to {quota} tasks a minute. Send this one again in {wait} s."
    headers = {"Retry-After": str(wait)}
    return Problem(HTTPStatus.TOO_MANY_REQUESTS, "too_many_cancellations", detail, headers=headers)
