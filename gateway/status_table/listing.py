"""Pages of tasks, the newest first, found in sorted lists by leapfrog: none of what is not wanted is read.

A task stands in the list of its state, of its company and of each of its labels, among those of its owner, and in each
at the same position. What several lists have in common is found by seeking in one what the other has next.
"""

import heapq
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.materialised.database import Endings, View
from gateway.status_table import keys
from gateway.status_table.rows import StatusRow, decode_row
from schemas.tasks import TaskState

_STEPS = 500
"""A page's steps through lists, all together, up to 10 microseconds each; it may end short of its limit for them.
Without this bound, two long lists that have nothing in common would hold up all other requests."""
_LEAST_STEPS = 4
"""Of each list, so that every page gets further, whatever the number of owners."""
_TRIES = 10


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; None and () are no filter.

    Attributes:
        owner: whose tasks.
        all_owners: everybody's instead, those of upstreams included.
        after: submitted after this moment (UTC).
        before: submitted before it.
    """

    owner: str | None = None
    all_owners: bool = False
    state: TaskState | None = None
    ticker: str | None = None
    labels: Sequence[tuple[str, str]] = ()
    after: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Tasks, and the position where the next page begins; None behind the last task."""

    rows: Sequence[StatusRow]
    next: bytes | None


def page(view: View, wanted: Wanted, *, start: bytes, limit: int, kept: Callable[[StatusRow], bool]) -> Page:
    """The next tasks from `start` on, up to `limit` of those that are `kept`; fewer where they are far between."""
    if wanted.before is not None:
        start = max(start, keys.behind(wanted.before))
    end = keys.behind_all() if wanted.after is None else keys.first_position(wanted.after)
    found = heapq.merge(*_streams(view, wanted, start, end))
    rows: list[StatusRow] = []
    while True:
        more = limit - len(rows)
        hits: list[bytes] = []
        for position, is_hit in itertools.islice(found, more):
            if not is_hit:
                rows += _rows(view, hits, wanted, kept)
                return Page(rows, position)
            hits.append(position)
        rows += _rows(view, hits, wanted, kept)
        if len(hits) < more:
            return Page(rows, None)
        if len(rows) == limit:
            return Page(rows, None if next(found, None) is None else hits[-1] + b"\0")


Found = tuple[bytes, bool]
"""A position, and whether it is a hit; else it is where the steps were used up."""


def _streams(view: View, wanted: Wanted, start: bytes, end: bytes) -> list[Iterator[Found]]:
    """What is wanted, as streams of positions that only have to be merged."""
    owners = _owners(view) if wanted.all_owners else [wanted.owner]
    lists = [lists for owner in owners for lists in _lists(wanted, owner)]
    opened = _opened(view, lists)
    steps = max(_LEAST_STEPS, _STEPS // max(1, len(lists)))
    return [_common(each, start, end, steps) for each in opened]


def _owners(view: View) -> list[str | None]:
    return [name.decode() for name in view.endings(keys.WAITING).since(b"")]


def _lists(wanted: Wanted, owner: str | None) -> list[list[bytes]]:
    """Of an owner: the lists whose common tasks are wanted; several such, where the tasks are in one or the other."""
    common = [keys.label_list(owner, name, value) for name, value in wanted.labels]
    if wanted.ticker is not None:
        common.append(keys.ticker_list(owner, wanted.ticker))
    if wanted.state is not None:
        common.append(keys.status_list(owner, wanted.state))
    return [common] if common else [[keys.status_list(owner, state)] for state in TaskState]


def _opened(view: View, lists: Sequence[Sequence[bytes]]) -> list[list[Endings]]:
    """All lists as they were at one moment: a task that moves between them meanwhile would be in none, or in two."""
    for _ in range(_TRIES):
        before = view.version()
        opened = [[view.endings(each) for each in common] for common in lists]
        if view.version() == before:
            break
    return opened


def _common(lists: Sequence[Endings], start: bytes, end: bytes, steps: int) -> Iterator[Found]:
    """The positions from `start` up to `end` that are in all lists; ends with where it stopped for want of steps."""
    first, *others = lists
    position = first.from_(start)
    while position is not None and position < end:
        if steps <= 0:
            yield position, False
            return
        ahead = position
        for each in others:
            steps -= 1
            reached = each.from_(position)
            if reached is None:
                return
            if reached != position:
                ahead = reached
                break
        if ahead == position:
            yield position, True
            position = first.next()
        else:
            position = first.from_(ahead)
        steps -= 1


def _rows(view: View, hits: Sequence[bytes], wanted: Wanted, kept: Callable[[StatusRow], bool]) -> Iterator[StatusRow]:
    heads = view.get_many([keys.head_key(keys.task_at(position)) for position in hits]) if hits else []
    for head in heads:
        row = None if head is None else decode_row(head, None)
        # It may have gone on since its list was opened.
        if isinstance(row, StatusRow) and wanted.state in (None, row.state) and kept(row):
            yield row
