"""The CloudEvents envelope: Kafka's binary content mode, as any plain SDK writes and reads it."""

import contextlib
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from cloudevents.core.bindings import kafka as sdk
from cloudevents.core.v1.event import CloudEvent as SdkEvent
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import CloudEvent, InvalidEnvelope
from tests.unit.examples import NOON, TASK_ID, TRACEPARENT

REQUIRED = {"ce_specversion": b"1.0", "ce_id": b"1", "ce_type": b"a.type", "ce_source": b"/here"}


def _read(value: bytes | None = b"{}", **changes: bytes | str | None) -> CloudEvent:
    """Read a message that has the required headers, but for the changes."""
    headers = {**REQUIRED, **{name.replace("content_type", "content-type"): text for name, text in changes.items()}}
    return CloudEvent.from_message(list(headers.items()), value)


def test_a_plain_sdk_reads_what_we_write() -> None:
    event = CloudEvent(
        id=TASK_ID, type="sigmak.filing.submitted.v1", source="/sigmak/gateway", data=b'{"ticker": "ACM\xc3\x89"}',
        time=NOON, subject="BRK.B", traceparent=TRACEPARENT, extensions={"sigmak-attempt": "1"},
    )  # fmt: skip
    read = sdk.from_binary_event(sdk.KafkaMessage(headers=dict(event.headers()), key=None, value=event.data))
    assert (read.get_specversion(), read.get_id()) == ("1.0", TASK_ID)
    assert (read.get_type(), read.get_source()) == ("sigmak.filing.submitted.v1", "/sigmak/gateway")
    assert (read.get_subject(), read.get_time()) == ("BRK.B", NOON)
    assert read.get_datacontenttype() == "application/json"
    assert read.get_data() == {"ticker": "ACMÉ"}


def test_we_read_what_a_plain_sdk_writes() -> None:
    attributes: dict[str, Any] = {
        "id": TASK_ID, "type": "sigmak.filing.submitted.v1", "source": "/upstream", "subject": "ACME",
        "time": datetime(2026, 2, 3, 13, 30, tzinfo=timezone(timedelta(hours=1, minutes=30))),
        "datacontenttype": "application/json",
    }  # fmt: skip
    message = sdk.to_binary_event(SdkEvent(attributes, {"ticker": "ACME"}))
    read = CloudEvent.from_message(list(message.headers.items()), message.value)
    assert (read.id, read.type, read.source, read.subject) == (TASK_ID, attributes["type"], "/upstream", "ACME")
    assert read.time == NOON
    assert read.data == b'{"ticker": "ACME"}'


def test_an_sdk_event_without_a_content_type_is_taken_for_json() -> None:
    message = sdk.to_binary_event(SdkEvent({"id": "1", "type": "a.type", "source": "/here"}, {"a": 1}))
    assert "content-type" not in message.headers
    assert CloudEvent.from_message(list(message.headers.items()), message.value).data == b'{"a": 1}'


def test_an_event_in_structured_mode_is_not_read() -> None:
    message = sdk.to_structured_event(SdkEvent({"id": "1", "type": "a.type", "source": "/here"}, {"a": 1}))
    with pytest.raises(InvalidEnvelope, match="ce_specversion"):
        CloudEvent.from_message(list(message.headers.items()), message.value)


_TEXT = st.text(min_size=1, max_size=40)
_EVENTS = st.builds(
    CloudEvent, id=_TEXT, type=_TEXT, source=_TEXT, data=st.binary(max_size=60),
    time=st.none() | st.datetimes(timezones=st.just(UTC)), subject=st.none() | _TEXT, traceparent=st.none() | _TEXT,
    extensions=st.dictionaries(st.sampled_from(["sigmak-attempt", "sigmak-owner", "sigmak-x"]), _TEXT),
)  # fmt: skip


@given(_EVENTS)
def test_every_event_survives_the_way_through_kafka(event: CloudEvent) -> None:
    assert CloudEvent.from_message(event.headers(), event.data) == event


@given(st.lists(st.tuples(st.sampled_from([*REQUIRED, "ce_time", "content-type", "x"]), st.none() | st.binary())))
def test_no_headers_whatever_raise_anything_else_than_invalid_envelope(headers: list[tuple[str, bytes | None]]) -> None:
    with contextlib.suppress(InvalidEnvelope):
        CloudEvent.from_message([*REQUIRED.items(), *headers], b"{}")


_OFFSETS = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=_OFFSETS))  # noqa: DTZ001, has a zone
def test_a_time_of_any_offset_is_the_same_moment_in_utc(moment: datetime) -> None:
    read = _read(ce_time=moment.isoformat().encode())
    assert read.time == moment
    assert read.time is not None
    assert read.time.tzinfo is UTC


def test_attributes_that_are_absent_are_not_written_as_empty_headers() -> None:
    names = {name for name, _ in CloudEvent(id="1", type="a", source="/", data=b"").headers()}
    assert names == {"ce_specversion", "ce_id", "ce_type", "ce_source", "content-type"}


def test_only_our_own_further_headers_are_kept() -> None:
    assert _read(x_unknown=b"1", **{"sigmak-owner": b"key-1"}).extensions == {"sigmak-owner": "key-1"}


def test_header_names_are_read_in_any_case() -> None:
    headers = [(name.upper(), value) for name, value in REQUIRED.items()]
    assert CloudEvent.from_message(headers, b"{}").id == "1"


def test_a_content_type_may_have_parameters() -> None:
    assert _read(content_type=b"Application/JSON; charset=utf-8").data == b"{}"


@pytest.mark.parametrize(
    ("at_fault", "changes"),
    [
        ("ce_specversion", {"ce_specversion": None}),
        ("ce_specversion", {"ce_specversion": b"0.3"}),
        ("ce_id", {"ce_id": None}),
        ("ce_id", {"ce_id": b""}),
        ("ce_type", {"ce_type": None}),
        ("ce_source", {"ce_source": None}),
        ("content-type", {"content_type": b"text/html"}),
        ("content-type", {"content_type": b"application/cloudevents+json"}),
        ("ce_time is not", {"ce_time": b"yesterday"}),
        ("ce_time is not", {"ce_time": b""}),
        ("ce_time has no offset", {"ce_time": b"2026-02-03T12:00:00"}),
        ("ce_time is not", {"ce_time": b"0001-01-01T00:00:00+01:00"}),
        ("header ce_subject is not UTF-8", {"ce_subject": b"\xff"}),
        ("no value", {"value": None}),
    ],
)
def test_an_invalid_message_is_refused_naming_what_is_at_fault(at_fault: str, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidEnvelope, match=at_fault):
        _read(**changes)


def test_a_message_without_headers_is_refused() -> None:
    with pytest.raises(InvalidEnvelope):
        CloudEvent.from_message(None, b"{}")
