"""What travels in the headers of a filing event on its way: where it began, why it waits, why it is dead."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from schemas.topics import LANES

_ORIGIN = "sigmak-original-"
_DEATH = "sigmak-dead-"
_REDRIVEN = "sigmak-redriven-as-"
_SMALL_BYTES = 1024
_FEW = 100

Headers = Iterable[tuple[str, bytes]]


class NoSuchHeaders(ValueError):
    """A record lacks the headers that it should carry, or they are malformed."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a filing event first stood: of all retries the first, which a redrive and a person need."""

    topic: str
    partition: int
    offset: int
    timestamp: datetime

    def headers(self) -> list[tuple[str, bytes]]:
        """The Kafka headers."""
        told = {
            "topic": self.topic,
            "partition": str(self.partition),
            "offset": str(self.offset),
            "timestamp": self.timestamp.isoformat(),
        }
        return [(_ORIGIN + name, text.encode()) for name, text in told.items()]

    @classmethod
    def of(cls, headers: Headers) -> Self:
        """Read it from a record's headers.

        Raises:
            NoSuchHeaders: where they are missing or malformed.
        """
        told = _texts(headers, _ORIGIN)
        try:
            return cls(
                told["topic"],
                int(told["partition"]),
                int(told["offset"]),
                datetime.fromisoformat(told["timestamp"]),
            )
        except (KeyError, ValueError) as error:
            raise NoSuchHeaders(f"the headers {_ORIGIN}* are missing or malformed") from error


@dataclass(frozen=True, slots=True)
class Death:
    """Why a record was set aside.

    Attributes:
        type: stable, for machines: the task's `error.type`, or `undecodable`.
        message: for a person; never document text.
        exception: the class of the last exception, if there was one.
        attempts: how many attempts were begun.
        value_left_behind: the record stands without its value, which was too large for the dead-letter topic as it
            would be compressed here; it is where the origin tells, for as long as the lane keeps events.
    """

    type: str
    message: str
    exception: str = ""
    attempts: int = 0
    value_left_behind: bool = False

    def headers(self) -> list[tuple[str, bytes]]:
        """The Kafka headers."""
        told = {
            "type": self.type,
            "message": self.message,
            "exception": self.exception,
            "attempts": str(self.attempts),
            **({"value-left-behind": "true"} if self.value_left_behind else {}),
        }
        return [(_DEATH + name, text.encode()) for name, text in told.items()]

    @classmethod
    def of(cls, headers: Headers) -> Self:
        """Read it from a record's headers.

        Raises:
            NoSuchHeaders: where they are missing or malformed.
        """
        told = _texts(headers, _DEATH)
        try:
            return cls(
                told["type"],
                told["message"],
                told.get("exception", ""),
                int(told.get("attempts", "0")),
                told.get("value-left-behind") == "true",
            )
        except (KeyError, ValueError) as error:
            raise NoSuchHeaders(f"the headers {_DEATH}* are missing or malformed") from error


@dataclass(frozen=True, slots=True)
class Redriven:
    """A marker on the dead-letter topic: the letter at this place was made a new task.

    Attributes:
        partition, offset: where the letter stands.
        task_id: the new task.
    """

    partition: int
    offset: int
    task_id: str

    def headers(self) -> list[tuple[str, bytes]]:
        """The Kafka headers."""
        told = {"partition": str(self.partition), "offset": str(self.offset), "task": self.task_id}
        return [(_REDRIVEN + name, text.encode()) for name, text in told.items()]

    @classmethod
    def of(cls, headers: Headers) -> Self | None:
        """Read it from a record's headers; None where the record is no marker."""
        told = _texts(headers, _REDRIVEN)
        try:
            return cls(int(told["partition"]), int(told["offset"]), told["task"])
        except (KeyError, ValueError):
            return None


def moved(headers: Headers, origin: Origin, death: Death | None = None) -> list[tuple[str, bytes]]:
    """The headers of a record that is moved to another topic: the first origin is kept, the last death counts.

    An origin that the record brings is its first only if a worker wrote it: on a lane, in the partition that all of a
    task's attempts keep. Any other is its sender's own, and would lead a redrive to a partition that there is not.
    """
    # A producer's own marker of a redrive would hide its letter, and mark another one.
    kept = [(name, value) for name, value in headers if not name.startswith((_DEATH, _REDRIVEN))]
    if not _brings_its_first(kept, origin):
        kept = [(name, value) for name, value in kept if not name.startswith(_ORIGIN)] + origin.headers()
    return kept if death is None else kept + death.headers()


def _brings_its_first(headers: Headers, origin: Origin) -> bool:
    try:
        first = Origin.of(headers)
    except NoSuchHeaders:
        return False
    return first.topic in LANES and first.partition == origin.partition and first.offset >= 0


def without_ballast(headers: Headers) -> list[tuple[str, bytes]]:
    """The headers that a topic takes whatever its limit: the small ones, of which ours are, and not any number."""
    small = [(name, value) for name, value in headers if len(name) + len(value) <= _SMALL_BYTES]
    return small[:_FEW]


def as_first_sent(headers: Headers) -> list[tuple[str, bytes]]:
    """The headers without what was added since the event was first sent."""
    return [(name, value) for name, value in headers if not name.startswith((_ORIGIN, _DEATH))]


def _texts(headers: Headers, prefix: str) -> Mapping[str, str]:
    return {
        name.removeprefix(prefix): value.decode(errors="replace") for name, value in headers if name.startswith(prefix)
    }
