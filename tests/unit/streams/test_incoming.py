"""Reading a record of a filing topic: a filing event, or a reason why it is none."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.events import filing_submitted
from schemas.topics import FILINGS, FILINGS_PRIORITY, FILINGS_RETRIES
from streams.incoming import FilingRecord, UndecodableFiling, decode_filing
from tests.unit.examples import NOON, TASK_ID, TRACEPARENT, a_filing

APPENDED = datetime(2026, 2, 3, 12, 0, 5, tzinfo=UTC)
HEADERS = {
    "ce_specversion": b"1.0", "ce_id": TASK_ID.encode(), "ce_type": b"sigmak.filing.submitted.v1",
    "ce_source": b"/upstream",
}  # fmt: skip
DATA = {"ticker": "ACME", "filing_year": 2024, "html_content": "<p>a filing</p>"}


def _record(
    value: bytes | None = orjson.dumps(DATA), headers: Mapping[str, bytes] = HEADERS, topic: str = FILINGS
) -> FilingRecord:
    return FilingRecord(topic, 3, 17, APPENDED, b"ACME", value, list(headers.items()))


def _with_headers(**changes: bytes | None) -> FilingRecord:
    headers = {name: value for name, value in {**HEADERS, **changes}.items() if value is not None}
    return _record(headers=headers)


def _with_data(**changes: Any) -> FilingRecord:
    return _record(orjson.dumps({**DATA, **changes}))


def test_an_event_of_the_gateway_is_read_whole() -> None:
    filing = a_filing(form="10-K", retrieve_top_k=3)
    event = filing_submitted(
        filing, task_id=TASK_ID, source="/gateway", time=NOON, owner="key-1", traceparent=TRACEPARENT, attempt=2
    )
    read = decode_filing(FilingRecord(FILINGS, 3, 17, APPENDED, b"ACME", event.data, event.headers()))
    assert (read.task_id, read.filing, read.attempt, read.owner) == (TASK_ID, filing, 2, "key-1")
    assert (read.submitted_at, read.traceparent) == (NOON, TRACEPARENT)


def test_an_event_of_an_upstream_has_no_owner_is_the_first_attempt_and_as_old_as_its_record() -> None:
    read = decode_filing(_record())
    assert (read.owner, read.attempt, read.traceparent, read.submitted_at) == (None, 1, None, APPENDED)


@pytest.mark.parametrize("attempt", [1, 2, 3, 4])
def test_an_attempt_is_1_to_4(attempt: int) -> None:
    assert decode_filing(_with_headers(**{"sigmak-attempt": str(attempt).encode()})).attempt == attempt


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (_record(b"\xff\x00 garbage", {}), "ce_specversion"),
        (_record(None), "no value"),
        (_with_headers(ce_id=None), "ce_id"),
        (_with_headers(ce_id=b"order-7"), "ce_id must be a UUIDv7"),
        (_with_headers(ce_id=b"6f1c2a90-0000-4000-8000-000000000000"), "ce_id must be a UUIDv7"),
        (_with_headers(ce_id=TASK_ID.upper().encode()), "ce_id must be a UUIDv7"),
        (_with_headers(ce_type=b"sigmak.task.status.v1"), "ce_type must be sigmak.filing.submitted.v1"),
        (_with_headers(ce_source=b"\xff"), "ce_source is not UTF-8"),
        (_with_headers(ce_time=b"yesterday"), "ce_time"),
        (_with_headers(ce_time=b"0001-01-01T00:00:00+14:00"), "ce_time"),
        (_with_headers(**{"content-type": b"text/html"}), "content-type"),
        *(
            (_with_headers(**{"sigmak-attempt": attempt}), "sigmak-attempt must be 1 to 4")
            for attempt in (b"0", b"5", b"-1", b"1.0", b"one", b"", b" 1", "١".encode(), "²".encode(), b"9" * 5000)
        ),
        *(
            (_with_headers(**{"sigmak-owner": owner}), "sigmak-owner must be 1 to 100")
            for owner in (b"", b"two words", b"line\n", "schl\u00fcssel".encode(), b"x" * 101)
        ),
        *(
            (_with_headers(**{"sigmak-redriven-from": task}), "sigmak-redriven-from must be a task's id")
            for task in (b"", b"order-7", TASK_ID.encode() * 2)
        ),
        (_record(b""), "data"),
        (_record(b"{"), "data"),
        (_record(b"\xff"), "data"),
        (_record(b"[]"), "data"),
        (_record(b"[" * 100_000), "data"),
        (_with_data(ticker="lower"), "ticker"),
        (_with_data(filing_year=1789), "filing_year"),
        (_with_data(html_path="/both"), "exactly one of html_content and html_path"),
        (_with_data(html_content=None), "exactly one of html_content and html_path"),
        (_with_data(callback="x"), "Extra inputs"),
    ],
)  # fmt: skip
def test_a_record_that_is_no_filing_event_is_undecodable_and_says_why(record: FilingRecord, reason: str) -> None:
    with pytest.raises(UndecodableFiling, match=reason):
        decode_filing(record)


def test_a_trace_that_is_not_valid_ends() -> None:
    assert decode_filing(_with_headers(traceparent=TRACEPARENT.encode())).traceparent == TRACEPARENT
    assert decode_filing(_with_headers(traceparent=b"00-words-of-a-document-01")).traceparent is None


def test_the_reason_stays_short_however_long_a_headers_name_is() -> None:
    with pytest.raises(UndecodableFiling) as undecodable:
        decode_filing(_with_headers(**{"x" * 100_000: b"\xff"}))
    assert len(str(undecodable.value)) < 1000


SECRET = "words of a document"


@pytest.mark.parametrize(
    "data",
    [
        {**DATA, "ticker": SECRET},
        {**DATA, "html_content": [SECRET]},
        {**DATA, SECRET: 1},
        {**DATA, "labels": {SECRET: "x"}},
        {**DATA, "form": SECRET, "action": SECRET, "html_path": SECRET},
        SECRET,
    ],
)
def test_the_reason_holds_nothing_of_the_content(data: object) -> None:
    with pytest.raises(UndecodableFiling) as undecodable:
        decode_filing(_record(orjson.dumps(data)))
    assert SECRET not in str(undecodable.value)


def test_the_reason_stays_short_however_much_is_wrong() -> None:
    wrong = {"ticker": 1, **{f"field-{n}" * 100: n for n in range(1000)}}
    with pytest.raises(UndecodableFiling) as undecodable:
        decode_filing(_record(orjson.dumps(wrong)))
    assert len(str(undecodable.value)) < 1000


@given(st.dictionaries(st.sampled_from([*HEADERS, "sigmak-attempt", "ce_time", "x"]), st.binary()), st.binary())
def test_no_bytes_whatever_raise_anything_else(headers: dict[str, bytes], value: bytes) -> None:
    with pytest.raises(UndecodableFiling):
        decode_filing(_record(value, {**HEADERS, **headers}))


def test_the_priority_lane_is_known_by_its_topic() -> None:
    assert _record(topic=FILINGS_PRIORITY).priority
    assert not _record(topic=FILINGS).priority
    assert not _record(topic=FILINGS_RETRIES[0]).priority
