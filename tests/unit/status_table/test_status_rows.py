"""The status table: which status of a task it keeps, and what it tells of an owner's tasks."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.materialised.records import Record, UnreadableRecord
from gateway.status_table.rows import EndedMarker, StatusRow, decode_row, status_row
from gateway.status_table.status_rows import StatusRecord
from schemas.tasks import FINISHED, TaskState, TaskStatus, in_step
from tests.unit.examples import NOON, TASK_ID, a_risk, a_status, an_assessment
from tests.unit.status_table.own_table import OWNER, TOMBSTONE, OwnTable, record

PENDING = a_status()
READING = a_status(TaskState.PROGRESS, progress=in_step(1))
SUCCESS = a_status(TaskState.SUCCESS, progress=FINISHED, result=an_assessment(a_risk()), ended_at=NOON)
OTHER_ID = "01890a5d-ac96-774b-bcce-b302099a8058"
DAY = timedelta(days=1)


@pytest.fixture
def table(tmp_path: Path) -> Iterator[OwnTable]:
    opened = OwnTable(tmp_path)
    yield opened
    opened.close()


def _kept(table: OwnTable, task_id: str = TASK_ID) -> StatusRow:
    row = table.get(task_id)
    assert isinstance(row, StatusRow)
    return row


# Rows


_MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001, has a zone


_STATUSES = st.builds(
    lambda state, changes: a_status(state, **changes),
    st.sampled_from(TaskState),
    st.fixed_dictionaries(
        {
            "progress": st.sampled_from([in_step(3), FINISHED]),
            "attempt": st.integers(1, 4),
            "submitted_at": _MOMENTS,
            "ended_at": st.none() | _MOMENTS,
            "labels": st.dictionaries(st.sampled_from("abc"), st.sampled_from(["x", "[", '"\\'])),
            "result": st.sampled_from([None, an_assessment(a_risk())]),
        }
    ),
)


@given(_STATUSES, st.none() | st.text())
def test_a_row_survives_the_way_through_bytes(status: TaskStatus, owner: str | None) -> None:
    row = status_row(status.model_dump_json().encode(), owner)
    assert decode_row(row.encode_head(), row.encode_result()) == row
    assert (row.owner, row.state, row.order, row.ticker) == (owner, status.status, status.order, status.ticker)
    assert (row.submitted_at, row.ended_at, row.labels) == (status.submitted_at, status.ended_at, status.labels)


@given(_MOMENTS)
def test_a_marker_survives_the_way_through_bytes(moment: datetime) -> None:
    assert decode_row(EndedMarker(moment).encode_head(), None) == EndedMarker(moment)


def test_the_body_of_a_row_is_the_status_as_it_came(table: OwnTable) -> None:
    for status in (PENDING, SUCCESS):
        body = b" " + status.model_dump_json().encode().replace(b'"ticker"', b' "added": "later",\n "ticker"') + b"\n"
        table.apply([StatusRecord(TASK_ID, status_row(body, OWNER))])
        assert _kept(table).body == body


def test_the_summary_of_a_row_is_the_status_without_its_result() -> None:
    body = SUCCESS.model_dump_json().encode()
    assert TaskStatus.model_validate_json(status_row(body, OWNER).summary) == SUCCESS.model_copy(
        update={"result": None}
    )


_TRICKY = ',"error":null,"result":{"a":1}'


@pytest.mark.parametrize("labels", [{}, {"a": "b", "error": _TRICKY, "result": "{"}, {"result": _TRICKY, "z": "x"}])
@pytest.mark.parametrize("compact", [True, False])
def test_the_summary_is_right_wherever_the_result_stands_and_whatever_is_in_it(
    labels: dict[str, str], compact: bool
) -> None:
    result = an_assessment(a_risk(text=_TRICKY), title=_TRICKY, labels=labels)
    status = SUCCESS.model_copy(update={"result": result, "labels": labels})
    body = status.model_dump_json().encode()
    if not compact:
        body = orjson.dumps(dict(reversed(orjson.loads(body).items())), option=orjson.OPT_INDENT_2)
    row = status_row(body, OWNER)
    assert TaskStatus.model_validate_json(row.summary) == status.model_copy(update={"result": None})
    assert row.body == body


def test_a_row_knows_whose_it_is_how_new_and_when_it_ended(table: OwnTable) -> None:
    table.apply([record(SUCCESS)])
    row = _kept(table)
    assert (row.owner, row.order, row.ended_at) == (OWNER, SUCCESS.order, NOON)


def _delivered(key: bytes, value: bytes | None, **headers: bytes) -> Record:
    named = [(name.replace("_", "-"), text) for name, text in headers.items()]
    return Record(partition=0, offset=0, appended_at=0, key=key, value=value, headers=named)


def test_a_record_is_read_with_its_owner(table: OwnTable) -> None:
    body = PENDING.model_dump_json().encode()
    read = table.rows.read(_delivered(TASK_ID.encode(), body, ce_id=b"x", sigmak_owner=b"key-1"))
    assert read == StatusRecord(TASK_ID, status_row(body, "key-1"))
    assert table.rows.read(_delivered(TASK_ID.encode(), None)) == TOMBSTONE


def test_an_owner_that_is_null_is_none(table: OwnTable) -> None:
    body = PENDING.model_dump_json().encode()
    record = Record(0, 0, 0, TASK_ID.encode(), body, [("sigmak-owner", None)])
    assert table.rows.read(record) == StatusRecord(TASK_ID, status_row(body, None))


@pytest.mark.parametrize("value", [b"", b"garbage", b"{}", b"[]", b'{"status": "LOST", "progress": {}}', b"\xff"])
def test_what_is_no_status_is_unreadable(table: OwnTable, value: bytes) -> None:
    with pytest.raises(UnreadableRecord):
        table.rows.read(_delivered(TASK_ID.encode(), value))


@pytest.mark.parametrize(
    "changed",
    [{"submitted_at": "2026-02-03T12:00:00"}, {"ticker": "A\0B"}, {"labels": {"a": "b\0"}}, {"submitted_at": 9}],
)
def test_what_could_not_be_listed_is_unreadable(table: OwnTable, changed: dict[str, object]) -> None:
    value = orjson.dumps({**orjson.loads(PENDING.model_dump_json()), **changed})
    if changed == {"submitted_at": 9}:  # seconds since 1970 tell a moment
        assert table.rows.read(_delivered(TASK_ID.encode(), value)).row is not None
        return
    with pytest.raises(UnreadableRecord):
        table.rows.read(_delivered(TASK_ID.encode(), value))


@pytest.mark.parametrize("owner", [b"\xff", b"key-1\0SUCCESS"])
def test_an_owner_that_no_key_can_be_is_unreadable(table: OwnTable, owner: bytes) -> None:
    with pytest.raises(UnreadableRecord):
        table.rows.read(_delivered(TASK_ID.encode(), PENDING.model_dump_json().encode(), sigmak_owner=owner))


# Which row is kept


def test_a_task_that_nobody_told_of_has_no_row(table: OwnTable) -> None:
    assert table.get(TASK_ID) is None


@pytest.mark.parametrize("at_once", [True, False])
def test_the_newest_status_is_kept_whether_they_come_at_once_or_one_by_one(table: OwnTable, at_once: bool) -> None:
    records = [record(status) for status in (READING, PENDING, SUCCESS, READING)]
    for batch in [records] if at_once else [[each] for each in records]:
        table.apply(batch)
    assert _kept(table).order == SUCCESS.order


def test_tasks_do_not_touch_each_other(table: OwnTable) -> None:
    other = SUCCESS.model_copy(update={"task_id": OTHER_ID})
    table.apply([record(PENDING), record(other), StatusRecord("third", None)])
    assert _kept(table).order == PENDING.order
    assert _kept(table, OTHER_ID).order == SUCCESS.order


@pytest.mark.parametrize("at_once", [True, False])
def test_a_zombies_status_after_the_tombstone_does_not_bring_the_task_back(table: OwnTable, at_once: bool) -> None:
    records = [record(SUCCESS), TOMBSTONE, record(READING)]
    for batch in [records] if at_once else [[each] for each in records]:
        table.apply(batch)
    assert table.get(TASK_ID) == EndedMarker(NOON)


def test_a_tombstone_of_a_task_that_was_never_seen_is_remembered_too(table: OwnTable) -> None:
    table.apply([TOMBSTONE])
    table.apply([record(READING)])
    assert isinstance(table.get(TASK_ID), EndedMarker)


def test_a_tombstone_is_forgotten_after_a_day(table: OwnTable) -> None:
    table.apply([TOMBSTONE])
    table.apply([record(PENDING)], NOON + DAY)
    assert isinstance(table.get(TASK_ID), EndedMarker)
    table.apply([record(PENDING)], NOON + DAY + timedelta(seconds=1))
    assert isinstance(table.get(TASK_ID), StatusRow)


def test_markers_of_gone_tasks_are_deleted_after_a_day_a_few_with_each_write(table: OwnTable) -> None:
    table.apply([StatusRecord(f"gone-{n}", None) for n in range(120)])
    table.apply([], NOON + DAY)
    assert _left(table) == 120
    later = NOON + DAY + timedelta(seconds=1)
    table.apply([], later)
    assert 0 < _left(table) < 120
    for _ in range(3):
        table.apply([record(PENDING)], later)
    assert _left(table) == 0
    assert isinstance(table.get(TASK_ID), StatusRow)


def _left(table: OwnTable) -> int:
    return sum(table.get(f"gone-{n}") is not None for n in range(120))


def test_a_task_that_was_marked_again_keeps_its_later_marker(table: OwnTable) -> None:
    table.apply([TOMBSTONE])
    table.apply([TOMBSTONE], NOON + timedelta(hours=20))
    table.apply([], NOON + timedelta(hours=30))
    assert isinstance(table.get(TASK_ID), EndedMarker)
    table.apply([], NOON + timedelta(hours=50))
    assert table.get(TASK_ID) is None


def test_nothing_is_left_of_a_task_when_its_marker_is_gone(table: OwnTable) -> None:
    table.apply([record(PENDING)])
    table.apply([record(SUCCESS)])
    table.apply([TOMBSTONE])
    table.apply([], NOON + DAY + timedelta(seconds=1))
    left = [key for key in table.database.keys(b"", b"\xff") if TASK_ID.encode() in key]
    assert left == []


@pytest.mark.parametrize(("owner", "intruder"), [(OWNER, "key-2"), (OWNER, None), (None, OWNER)])
def test_a_status_of_another_owner_does_not_touch_the_task(
    table: OwnTable, owner: str | None, intruder: str | None
) -> None:
    table.apply([record(PENDING, owner)])
    table.apply([record(SUCCESS, intruder)])
    assert (_kept(table).owner, _kept(table).order) == (owner, PENDING.order)
    assert table.waiting(OWNER) == (1 if owner == OWNER else 0)


# What is told of an owner's tasks


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(
    ("records", "waiting"),
    [
        ([record(PENDING)], 1),
        ([record(PENDING), record(READING)], 1),
        ([record(PENDING), record(SUCCESS)], 0),
        ([record(SUCCESS), record(PENDING)], 0),
        ([record(PENDING), TOMBSTONE], 0),
        ([record(PENDING), record(SUCCESS), TOMBSTONE], 0),
        ([TOMBSTONE, record(PENDING)], 0),
        ([record(PENDING), record(READING, "key-2")], 1),
    ],
)
def test_tasks_that_have_not_ended_are_counted(
    table: OwnTable, records: list[StatusRecord], waiting: int, at_once: bool
) -> None:
    other = record(PENDING.model_copy(update={"task_id": OTHER_ID}))
    table.apply([other, record(PENDING.model_copy(update={"task_id": "another-ones"}), "key-3")])
    for batch in [records] if at_once else [[each] for each in records]:
        table.apply(batch)
    assert table.waiting(OWNER) == waiting + 1
    assert table.waiting("key-2") == 0
