"""How an agent delivers its topic's events: one actor a partition, one event after another within it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

import faust
from faust.types import Message, StreamT

from streams.agents.consumer import ExplicitAckConsumer
from streams.incoming import KafkaRecord
from streams.processor import Abandoned

Record = TypeVar("Record", bound=KafkaRecord)


def add_agent(
    app: faust.App,
    topic: str,
    kind: type[Record],
    process: Callable[[Record], Awaitable[None]],
    fail_stop: Callable[[BaseException], None],
) -> None:
    """Let `process` have each event of a topic.

    Args:
        fail_stop: ends the process at once. Called for what `process` does not expect: going on with the next event
            would commit past this one, and it would be lost.
    """

    async def consume(stream: StreamT[bytes]) -> None:
        # Faust's compiled loop would write its acknowledgement into the consumer, past ExplicitAckConsumer.ack.
        stream.enable_acks = False
        async for event in stream.events():
            message, consumer = event.message, app.consumer
            assert isinstance(consumer, ExplicitAckConsumer)
            try:
                if not await consumer.is_next(message):
                    continue  # delivered again, in its order
                await process(_record(message, kind))
            except Abandoned:
                continue  # delivered again, to who has the partition after the rebalance
            except (asyncio.CancelledError, GeneratorExit):
                raise  # a rebalance or the worker's end: delivered again, to who has the partition then
            except BaseException as error:
                # What is no Exception too: Faust would start another actor, which goes on behind this event.
                fail_stop(error)
                raise
            consumer.acknowledge(message)

    raw = app.topic(topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
    app.agent(raw, name=f"agent.{topic}", isolated_partitions=True)(consume)


def _record(message: Message, kind: type[Record]) -> Record:
    headers = message.headers or {}
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return kind(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        timestamp=datetime.fromtimestamp(message.timestamp, tz=UTC),
        key=message.key,
        value=message.value,
        headers=[
            (name, value.encode() if isinstance(value, str) else value) for name, value in pairs if value is not None
        ],
    )
