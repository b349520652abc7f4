"""What the topics hold of a run."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from confluent_kafka import Message

from schemas.tasks import TaskStatus
from schemas.topics import BATCHES, RISKS, TASKS
from tests.system.parts import header, records


class ToldOfBatch(NamedTuple):
    """One status of a batch, as it stands on the topic."""

    event_id: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Facts:
    """What is there of each task and of each batch, in the order of their partitions.

    Attributes:
        ends: task -> its terminal statuses.
        end_times: when the broker took them, the earliest first.
        assessments: task -> its assessments.
        batches: batch -> its statuses.
    """

    ends: Mapping[str, Sequence[TaskStatus]]
    end_times: Sequence[float]
    assessments: Mapping[str, Sequence[bytes]]
    batches: Mapping[str, Sequence[ToldOfBatch]]

    @classmethod
    def of(cls, kafka: str) -> "Facts":
        """Read them."""
        ends: dict[str, list[TaskStatus]] = defaultdict(list)
        times = []
        for message in records(kafka, TASKS):
            value = _value(message)
            status = TaskStatus.model_validate_json(value) if value else None
            if status is not None and status.status.ended:
                ends[status.task_id].append(status)
                times.append(message.timestamp()[1] / 1000)
        assessments: dict[str, list[bytes]] = defaultdict(list)
        for message in records(kafka, RISKS):
            assessments[header(message, "ce_id") or ""].append(_value(message))
        batches: dict[str, list[ToldOfBatch]] = defaultdict(list)
        for message in records(kafka, BATCHES):
            told = ToldOfBatch(header(message, "ce_id") or "", _value(message))
            batches[(message.key() or b"").decode()].append(told)
        return cls(ends, sorted(times), assessments, batches)


def _value(message: Message) -> bytes:
    value = message.value()
    return value.encode() if isinstance(value, str) else value or b""
