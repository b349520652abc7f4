"""The agents of both lanes: one actor a partition, one filing after another within it."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

import faust
from faust.types import Message, StreamT

from schemas.topics import LANES
from streams.agents.consumer import ExplicitAckConsumer
from streams.incoming import FilingRecord
from streams.processor import Abandoned
from streams.progress import HeadsInHand


def add_filing_agents(
    app: faust.App,
    process: Callable[[FilingRecord], Awaitable[None]],
    heads: HeadsInHand,
    fail_stop: Callable[[Exception], None],
) -> None:
    """Let `process` have each event of the lanes.

    Args:
        heads: is told which events are in hand.
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
                record = _record(message)
                heads.began(record)
                try:
                    await process(record)
                finally:
                    heads.ended(record)
            except Abandoned:
                continue  # delivered again, to who has the partition after the rebalance
            except Exception as error:
                fail_stop(error)
                raise
            consumer.acknowledge(message)

    for lane in LANES:
        topic = app.topic(lane, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
        app.agent(topic, name=f"agent.{lane}", isolated_partitions=True)(consume)


def _record(message: Message) -> FilingRecord:
    headers = message.headers or {}
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return FilingRecord(
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
