"""Writes a filing event to Kafka itself, with a plain CloudEvents SDK: upstream.py BROKERS FILE TICKER YEAR."""

import sys
from pathlib import Path

import uuid_utils
from cloudevents.core.bindings.kafka import to_binary_event
from cloudevents.core.v1.event import CloudEvent
from confluent_kafka import KafkaError, Message, Producer

brokers, file, ticker, year = sys.argv[1:]
attributes = {
    "id": str(uuid_utils.uuid7()),  # the task's id, too
    "type": "sigmak.filing.submitted.v1",
    "source": "/examples/python",
    "subject": ticker,
    "datacontenttype": "application/json",
}
html = Path(file).read_text(encoding="utf-8")
event = to_binary_event(CloudEvent(attributes, {"ticker": ticker, "filing_year": int(year), "html_content": html}))


def told(error: KafkaError | None, message: Message) -> None:
    """What the broker said of the event."""
    print(error or f"task {attributes['id']} in partition {message.partition()}")
    failed.append(error is not None)


failed: list[bool] = []
# By murmur2 of the ticker, as Java's clients do; librdkafka's own default would put it into another partition.
settings = {"partitioner": "murmur2_random", "enable.idempotence": True, "compression.type": "lz4"}
producer = Producer({"bootstrap.servers": brokers, "message.max.bytes": 64 * 1024 * 1024, **settings})
producer.produce("sigmak.filings.v1", event.value, ticker, headers=list(event.headers.items()), on_delivery=told)
sys.exit(producer.flush(30) > 0 or any(failed))
