"""What an accepted filing costs in Kafka alone: confluent-kafka produces it and waits for the acknowledgement."""

import itertools
import time
from collections.abc import Sequence

from confluent_kafka import KafkaException, Message, Producer
from confluent_kafka.cimpl import KafkaError

from transport.publisher import CLIENT_MESSAGE_LIMIT


def acknowledged_a_second(
    bootstrap_servers: str, topic: str, values: Sequence[bytes], *, in_flight: int, seconds: float
) -> float:
    """How many messages are acknowledged a second, with so many unacknowledged at any time."""
    producer = Producer(
        {
            "bootstrap.servers": bootstrap_servers,
            "enable.idempotence": True,
            "acks": "all",
            "compression.type": "lz4",
            "message.max.bytes": CLIENT_MESSAGE_LIMIT,
            "linger.ms": 0,
        }
    )
    done = 0

    def acknowledged(error: KafkaError | None, _message: Message) -> None:
        nonlocal done
        if error is not None:
            raise KafkaException(error)
        done += 1

    began = time.perf_counter()
    for sent, value in enumerate(itertools.cycle(values)):
        while sent - done >= in_flight:
            producer.poll(1)
        if time.perf_counter() - began > seconds:
            break
        producer.produce(topic, value, str(sent), on_delivery=acknowledged)
    producer.flush()
    return done / (time.perf_counter() - began)
