"""The status topic from outside: statuses put straight on it, and the ends of tasks as they come."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from benchmarks.rig.empty_analysis import sample_assessment
from schemas.events import task_status
from schemas.identifiers import new_task_id
from schemas.risks import RiskAssessment
from schemas.tasks import FINISHED, StatusOrder, TaskState, TaskStatus, in_step
from schemas.topics import DEFAULT_PARTITIONS, TASKS

_SOURCE = "/sigmak/benchmark"
_OWNER = "key-benchmark"


def finished_status(result: RiskAssessment) -> TaskStatus:
    """The SUCCESS of a new task that was submitted and worked on just now."""
    now = datetime.now(UTC)
    return TaskStatus(
        task_id=new_task_id(),
        status=TaskState.SUCCESS,
        progress=FINISHED,
        result=result,
        ticker=result.ticker,
        filing_year=result.filing_year,
        submitted_at=now - timedelta(seconds=3),
        started_at=now - timedelta(seconds=2),
        ended_at=now,
    )


def running_status(step: int) -> TaskStatus:
    """The PROGRESS of a new task."""
    now = datetime.now(UTC)
    return TaskStatus(
        task_id=new_task_id(),
        status=TaskState.PROGRESS,
        progress=in_step(step),
        ticker="BENCH",
        filing_year=2024,
        submitted_at=now - timedelta(seconds=1),
        started_at=now,
    )


def finished_statuses(size: int, count: int) -> list[TaskStatus]:
    """Ends of tasks whose body has about so many bytes."""
    risks = 1 if size < 10_000 else 10
    without_text = len(finished_status(sample_assessment(0, risks=risks)).model_dump_json())
    result = sample_assessment(max(0, size - without_text) // risks, risks=risks)
    return [finished_status(result) for _ in range(count)]


def put_statuses(bootstrap_servers: str, statuses: Iterable[TaskStatus], *, owner: str = _OWNER) -> None:
    """Produce them as a worker would; returns when all are acknowledged."""
    producer = Producer(
        {
            "bootstrap.servers": bootstrap_servers,
            "enable.idempotence": True,
            "compression.type": "lz4",
            "partitioner": "murmur2_random",
            "message.max.bytes": 8 * 1024 * 1024,
        }
    )
    for status in statuses:
        event = task_status(status, source=_SOURCE, time=status.submitted_at, owner=owner)
        headers: list[tuple[str, str | bytes | None]] = [*event.headers()]
        producer.produce(TASKS, event.data, status.task_id, headers=headers, on_delivery=_raise_failure)
        while len(producer) > 10_000:
            producer.poll(0.1)
    producer.flush()


class EndsOfTasks:
    """Sees the tasks that end from now on, without reading their results."""

    def __init__(self, bootstrap_servers: str) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap_servers,
                "group.id": "benchmark",
                "enable.auto.commit": False,
                "fetch.message.max.bytes": 8 * 1024 * 1024,
            }
        )
        partitions = range(DEFAULT_PARTITIONS)
        ends = [self._consumer.get_watermark_offsets(TopicPartition(TASKS, p), timeout=10)[1] for p in partitions]
        self._consumer.assign([TopicPartition(TASKS, p, end) for p, end in zip(partitions, ends, strict=True)])

    def wait_for(self, count: int, *, within: float) -> dict[str, float]:
        """The tasks that ended, and when each end was seen (`time.perf_counter`), once there are so many.

        Raises:
            TimeoutError: if there are not within so many seconds.
        """
        seen: dict[str, float] = {}
        deadline = time.perf_counter() + within
        while len(seen) < count:
            if time.perf_counter() > deadline:
                raise TimeoutError(f"{len(seen)} of {count} tasks ended within {within:g} s")
            for message in self._consumer.consume(500, timeout=0.02):
                task_id = _ended_task(message)
                if task_id is not None:
                    seen[task_id] = time.perf_counter()
        return seen

    def close(self) -> None:
        """Stop reading."""
        self._consumer.close()


def _ended_task(message: Message) -> str | None:
    error = message.error()
    if error is not None:
        raise KafkaException(error)
    headers: dict[str, bytes] = dict(message.headers() or [])  # type: ignore[arg-type]  # ours are bytes
    task_id, attempt, step = headers["ce_id"].decode().split(".")
    return task_id if StatusOrder(int(attempt), int(step)).ended else None


def _raise_failure(error: KafkaError | None, _message: Message) -> None:
    if error is not None:
        raise KafkaException(error)
