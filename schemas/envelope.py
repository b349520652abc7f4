"""CloudEvents 1.0 in Kafka's binary content mode: attributes are headers, the value is the data.

Rules: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar

Headers = Iterable[tuple[str, bytes | str | None]]

ATTEMPT_HEADER = "sigmak-attempt"
"""Which attempt of a filing this event starts, 1 to 4; absent means 1."""
OWNER_HEADER = "sigmak-owner"
"""The id of the API key that a task belongs to; absent for filings that an upstream wrote to Kafka itself."""
OWNER_SIGNATURE_HEADER = "sigmak-owner-signature"
"""By which workers know that a gateway wrote the owner (see `transport.owner_signatures`)."""
SIGNED_AS_HEADER = "sigmak-signed-as"
"""The task that the owner's signature is of, on a filing that was redriven; absent means the event's own."""
DUE_HEADER = "sigmak-due-at"
"""When a filing event that waits for its next attempt goes back to its lane (RFC 3339)."""
LANE_HEADER = "sigmak-lane"
"""The lane that a waiting filing event came from and goes back to."""
REDRIVEN_FROM_HEADER = "sigmak-redriven-from"
"""The task whose dead letter this filing event was made from."""
JSON = "application/json"

_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_TOLD_OF_A_NAME = 50


class InvalidEnvelope(ValueError):
    """A message that is no CloudEvent in binary mode; the text says which attribute is at fault."""


@dataclass(frozen=True, slots=True)
class CloudEvent:
    """One event. `extensions` holds the `sigmak-*` headers, which are not CloudEvents attributes."""

    SPEC_VERSION: ClassVar[str] = "1.0"

    id: str
    type: str
    source: str
    data: bytes
    time: datetime | None = None
    subject: str | None = None
    traceparent: str | None = None
    extensions: Mapping[str, str] = field(default_factory=dict)

    def headers(self) -> list[tuple[str, bytes]]:
        """The Kafka headers of this event."""
        attributes = {
            "ce_specversion": self.SPEC_VERSION,
            "ce_id": self.id,
            "ce_type": self.type,
            "ce_source": self.source,
            "ce_time": None if self.time is None else self.time.isoformat().replace("+00:00", "Z"),
            "ce_subject": self.subject,
            "content-type": JSON,
            "traceparent": self.traceparent,
            **self.extensions,
        }
        return [(name, value.encode()) for name, value in attributes.items() if value is not None]

    @classmethod
    def from_message(cls, headers: Headers | None, value: bytes | None) -> "CloudEvent":
        """Read an event from a Kafka message.

        Raises:
            InvalidEnvelope: where a required attribute is missing or malformed, or the value is not JSON data.
        """
        attributes = _decoded(headers or ())
        if attributes.get("ce_specversion") != cls.SPEC_VERSION:
            raise InvalidEnvelope("ce_specversion must be 1.0")
        content_type = attributes.get("content-type", JSON).partition(";")[0].strip().lower()
        if content_type != JSON:
            raise InvalidEnvelope("content-type must be application/json")
        if value is None:
            raise InvalidEnvelope("the message has no value")
        return cls(
            id=_required(attributes, "ce_id"),
            type=_required(attributes, "ce_type"),
            source=_required(attributes, "ce_source"),
            data=value,
            time=_time(attributes.get("ce_time")),
            subject=attributes.get("ce_subject"),
            traceparent=attributes.get("traceparent"),
            extensions={name: text for name, text in attributes.items() if name.startswith("sigmak-")},
        )


def valid_traceparent(text: str | None) -> str | None:
    """What can be handed on; a trace that is not valid ends, as W3C Trace Context asks.

    https://www.w3.org/TR/trace-context/#traceparent-header
    """
    return text if text is not None and _TRACEPARENT.fullmatch(text) else None


def _decoded(headers: Headers) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for name, raw in headers:
        if raw is None:
            continue
        try:
            attributes[name.lower()] = raw if isinstance(raw, str) else raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise InvalidEnvelope(f"header {name[:_TOLD_OF_A_NAME]} is not UTF-8") from error
    return attributes


def _required(attributes: Mapping[str, str], name: str) -> str:
    if not attributes.get(name):
        raise InvalidEnvelope(f"{name} is missing")
    return attributes[name]


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        # Overflows where the offset leads out of the years 1 to 9999.
        in_utc = moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidEnvelope("ce_time is not an RFC 3339 time") from error
    if moment.tzinfo is None:
        raise InvalidEnvelope("ce_time has no offset from UTC")
    return in_utc
