"""Follows a topic of ours, and says each event as it comes: to a person in a line, to a machine as JSON."""

from collections.abc import Iterator

import orjson
from confluent_kafka import Consumer, KafkaException, TopicPartition

from ops.topic_records import TopicUnreachable
from schemas.envelope import CloudEvent
from schemas.risks import RiskAssessment
from schemas.tasks import TaskState, TaskStatus
from streams.due_consumer import record_of
from streams.incoming import FilingRecord
from transport.connection import KafkaConnection

_ANSWER_SECONDS = 10.0
_POLL_SECONDS = 0.2
"""Ctrl-C is noticed between two polls."""


class TopicTail:
    """A topic from now on, or from its beginning; what comes after this was made is read.

    Raises:
        TopicUnreachable: where Kafka is away, or has no such topic. An outage later is waited out.
    """

    def __init__(self, connection: KafkaConnection, topic: str, *, from_beginning: bool) -> None:
        self._consumer = Consumer(
            {
                **connection.client_settings(),
                # The client insists on a name; with assign() and no commit the broker never sees a group.
                "group.id": "sigmak-tail",
                "enable.auto.commit": False,
                # Where what is to be read next was deleted meanwhile: go on with what there is.
                "auto.offset.reset": "earliest",
                "log_level": 2,
            }
        )
        try:
            self._consumer.assign(self._start(topic, from_beginning=from_beginning))
        except KafkaException as error:
            self._consumer.close()
            raise TopicUnreachable(f"{topic} at {connection.bootstrap_servers} can't be read: {error}") from error

    def records(self) -> Iterator[FilingRecord]:
        """Each record as it comes, without end."""
        while True:
            message = self._consumer.poll(_POLL_SECONDS)
            if message is None:
                continue
            error = message.error()
            if error is not None:
                raise TopicUnreachable(f"the topic can't be read any more: {error}")
            yield record_of(message)

    def close(self) -> None:
        """Stop reading."""
        self._consumer.close()

    def _start(self, topic: str, *, from_beginning: bool) -> list[TopicPartition]:
        described = self._consumer.list_topics(topic, timeout=_ANSWER_SECONDS).topics[topic]
        if described.error is not None:
            raise KafkaException(described.error)
        partitions = [TopicPartition(topic, partition) for partition in sorted(described.partitions)]
        for partition in partitions:
            # Asked for now: "the end" would be found out by the first fetch, after what came meanwhile.
            beginning, end = self._consumer.get_watermark_offsets(partition, timeout=_ANSWER_SECONDS)
            partition.offset = beginning if from_beginning else end
        return partitions


def as_json(event: CloudEvent) -> str:
    """The event in CloudEvents' JSON format, on one line; raises ValueError where its data is no JSON."""
    attributes = {
        "specversion": event.SPEC_VERSION,
        "id": event.id,
        "type": event.type,
        "source": event.source,
        "time": event.time,
        "subject": event.subject,
        "datacontenttype": "application/json",
    }
    given = {name: value for name, value in attributes.items() if value is not None}
    return orjson.dumps({**given, "data": orjson.loads(event.data)}).decode()


def assessment_line(event: CloudEvent) -> str:
    """What a person wants to know of an assessment first; raises ValueError where it is none."""
    assessment = RiskAssessment.model_validate_json(event.data)
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(assessment.totals.by_novelty.items()))
    factors = f"{assessment.totals.risk_factors} risk factors" + (f" ({kinds})" if kinds else "")
    worst = max(assessment.risks, key=lambda risk: risk.severity.value, default=None)
    most_severe = f"; most severe {worst.severity.value:.2f} {worst.category}: {worst.heading}" if worst else ""
    return f"{event.id}  {assessment.ticker} {assessment.filing_year}: {factors}{most_severe}"


def status_line(event: CloudEvent) -> str:
    """How far a task is; raises ValueError where it is no status."""
    status = TaskStatus.model_validate_json(event.data)
    what = {
        TaskState.PROGRESS: f"{status.progress.current} of {status.progress.total}, {status.progress.status}",
        TaskState.RETRY: f"attempt {status.attempt} failed, the next is due at {status.due_at}",
    }.get(status.status, "")
    why = f"{status.error.type}: {status.error.message}" if status.error else ""
    told = "  ".join(part for part in (what, why) if part)
    return f"{status.task_id}  {status.ticker} {status.filing_year}  {status.status}  {told}".rstrip()
