"""Where the rows of the status table stand, so that what is looked for together stands together."""

import functools
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from schemas.tasks import TaskState

PREFIX: Final = b"tasks/"
WAITING: Final = b"tasks/waiting/"
GONE: Final = b"tasks/gone/"
"""Markers of tasks that are gone, by time."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME_BYTES = 8
_LATER_THAN_ALL = 1 << 62
"""More microseconds than any datetime has; times count backwards from it, so that the newest stand first."""
_AFTER_ANY_ID = b"\xff"
_KEPT_LISTS = 4096
_END = b"\0"
"""Behind each part of a key that differs in length; no part holds one."""


def head_key(task_id: str) -> bytes:
    """Where the head of a task's row is: what decides, what it is found by, and its status without a result."""
    return b"tasks/head/" + task_id.encode()


def result_key(task_id: str) -> bytes:
    """Where a task's status with its result is."""
    return b"tasks/result/" + task_id.encode()


def waiting_key(owner: str | None) -> bytes:
    """Where the number of an owner's tasks that have not ended is."""
    return WAITING + (owner or "").encode()


def gone_key(tombstoned_at: datetime, task_id: str) -> bytes:
    """Sorts by the time of the tombstone, so that the oldest markers are found first."""
    return GONE + int(tombstoned_at.timestamp() * 1000).to_bytes(_TIME_BYTES) + task_id.encode()


def gone_task(key: bytes) -> str:
    """The task of a `gone_key`."""
    return key[len(GONE) + _TIME_BYTES :].decode()


def status_list(owner: str | None, state: TaskState) -> bytes:
    """Before the positions of an owner's tasks in a state. The lists of all states together hold each task once."""
    return b"tasks/status/" + (owner or "").encode() + _END + state.encode() + _END


def ticker_list(owner: str | None, ticker: str) -> bytes:
    """Before the positions of an owner's tasks of a company."""
    return b"tasks/ticker/" + (owner or "").encode() + _END + ticker.encode() + _END


def label_list(owner: str | None, name: str, value: str) -> bytes:
    """Before the positions of an owner's tasks with a label."""
    return b"tasks/label/" + (owner or "").encode() + _END + f"{name}:{value}".encode() + _END


def position(submitted_at: datetime, task_id: str) -> bytes:
    """A task's place in every list that it is in: the newest first, those of one moment by id."""
    return first_position(submitted_at) + task_id.encode()


def first_position(submitted_at: datetime) -> bytes:
    """Before all tasks that were submitted at this moment, and behind those of a later one."""
    since = submitted_at - _EPOCH
    microseconds = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return (_LATER_THAN_ALL - microseconds).to_bytes(_TIME_BYTES)


def behind(submitted_at: datetime) -> bytes:
    """Behind all tasks that were submitted at this moment, and before those of an earlier one."""
    return first_position(submitted_at) + _AFTER_ANY_ID


def behind_all() -> bytes:
    """Behind every position."""
    return b"\xff"


def task_at(position: bytes) -> str:
    """The task of a `position`."""
    return position[_TIME_BYTES:].decode()


def lists_of(owner: str | None, state: TaskState, ticker: str, labels: Mapping[str, str]) -> Sequence[bytes]:
    """Every list that such a task is in."""
    lists = _lists_without_labels(owner, state, ticker)
    return [*lists, *(label_list(owner, name, value) for name, value in labels.items())] if labels else lists


@functools.lru_cache(_KEPT_LISTS)
def _lists_without_labels(owner: str | None, state: TaskState, ticker: str) -> Sequence[bytes]:
    return status_list(owner, state), ticker_list(owner, ticker)
