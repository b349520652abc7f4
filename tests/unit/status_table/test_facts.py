"""What a status is found by is read quickly, and is what the contract's own model reads."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway.materialised.records import UnreadableRecord
from gateway.status_table.facts import Facts, UsualFacts, facts_of
from schemas.tasks import FINISHED, StatusFacts, TaskState, TaskStatus, in_step
from tests.unit.examples import NOON, a_risk, a_status, an_assessment

LABELLED = a_status(labels={"desk/a.1": "growth é"})
ENDED = a_status(TaskState.SUCCESS, progress=FINISHED, result=an_assessment(a_risk()), ended_at=NOON)
RETRIED = a_status(TaskState.RETRY, progress=in_step(3), attempt=4)


def _read(read: Callable[[bytes], Facts], status: bytes) -> tuple[Any, ...] | None:
    try:
        facts = read(status)
    except (UnreadableRecord, ValidationError):
        return None
    progress, submitted_at = facts.progress, facts.submitted_at
    return (
        facts.status, facts.attempt, progress.current, progress.total, progress.status, facts.ended_at, facts.ticker,
        submitted_at, submitted_at.utcoffset(), facts.labels,
    )  # fmt: skip


def _assert_read_as_by_the_model(status: bytes) -> None:
    assert _read(facts_of, status) == _read(StatusFacts.model_validate_json, status)


@pytest.mark.parametrize("status", [LABELLED, ENDED, RETRIED])
def test_what_our_models_write_is_read_the_quick_way(status: TaskStatus) -> None:
    body = status.model_dump_json().encode()
    assert isinstance(facts_of(body), UsualFacts)
    _assert_read_as_by_the_model(body)


_TIMES = [
    "2026-02-03T12:00:00", "2026-02-03T12:00:00.123456Z", "2026-02-03 12:00:00z", "2026-02-03T12:00:00+05:30",
    "2026-02-03T12:00:00-00:00", "2026-02-03T12:00:60Z", "2026-02-03T24:00:00Z", "2026-02-03T12:00Z", "2026-02-03",
    "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "20260203T120000Z",
    "2026-02-30T12:00:00Z", "2026-02-03T12:00:00+24:00", "2026-02-03T12:00:00.Z", "2026-02-03T12:00:00,1Z",
    "1738584000", 1738584000, 1738584000.5, -1, True, None, [], "",
]  # fmt: skip
_NUMBERS = [-1, 0, 1, 2, 4, 5, 6, 2**70, 2.0, 2.5, "2", "x", True, None, []]
_TEXTS = ["A", "A\n", "BRK.B", "a", "A" * 10, "A" * 11, "\u0660", "A\0", "", None, 1, True]
_NAMES = ["a/b", "a\n", "a b", "\u00e9", "a" * 40, "a" * 41, ""]
_VALUES = ["a b", "a\n", "\x7f", "\u200b", "\U0001f600" * 100, "x" * 101, "", None, 1]
_CHANGES: dict[str, list[Any]] = {
    "status": [*TaskState, "success", "LOST", None, 1],
    "attempt": _NUMBERS,
    "progress": [
        None, {}, {"current": 1}, {"current": 1, "status": "x"}, {"current": 1, "status": "x", "more": 1},
        *({"current": number, "status": "x"} for number in _NUMBERS),
        *({"current": 1, "status": "x", "total": number} for number in _NUMBERS),
        *({"current": 1, "status": text} for text in _TEXTS),
    ],
    "ended_at": _TIMES,
    "ticker": _TEXTS,
    "submitted_at": _TIMES,
    "labels": [
        None, [], *({name: "x"} for name in _NAMES), *({"a": value} for value in _VALUES),
        *({str(number): "x" for number in range(count)} for count in (0, 10, 11)),
    ],
    "added later": [None, {"a": [1.5, "x"]}],
}  # fmt: skip


@pytest.mark.parametrize("field", _CHANGES)
def test_what_anybody_writes_is_read_as_by_the_model(field: str) -> None:
    status = json.loads(LABELLED.model_dump_json())
    for value in _CHANGES[field]:
        _assert_read_as_by_the_model(json.dumps({**status, field: value}).encode())
    status.pop(field, None)
    _assert_read_as_by_the_model(json.dumps(status).encode())


@given(st.text(max_size=12), st.text(max_size=12), st.text(max_size=12))
def test_any_text_is_read_as_by_the_model(ticker: str, name: str, value: str) -> None:
    status = json.loads(LABELLED.model_dump_json())
    for changed in ({"ticker": ticker}, {"labels": {name: "x"}}, {"labels": {"a": value}}):
        _assert_read_as_by_the_model(json.dumps({**status, **changed}).encode())


@given(st.data())
def test_what_is_broken_is_read_as_by_the_model(data: st.DataObject) -> None:
    body = LABELLED.model_dump_json().encode()
    start = data.draw(st.integers(0, len(body)))
    end = start + data.draw(st.integers(0, 2))
    inserted = data.draw(st.binary(max_size=2) | st.sampled_from([b"\\", b'"', b",", b"\xff", b"NaN", b"{"]))
    _assert_read_as_by_the_model(body[:start] + inserted + body[end:])


@pytest.mark.parametrize(
    "added", [b'"x":"\xff"', b'"\xff":1', b'"x":"\\ud800"', b'"x":NaN', b'"x":1e999', b'"attempt":2', b'"attempt":9']
)
def test_what_stands_beside_the_facts_decides_as_in_the_model(added: bytes) -> None:
    _assert_read_as_by_the_model(LABELLED.model_dump_json().encode()[:-1] + b"," + added + b"}")
