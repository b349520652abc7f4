"""The first connection of Faust's clients to Kafka, which is tried until it is made."""

import asyncio
import logging
from collections.abc import Callable

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaConnectionError

log = logging.getLogger(__name__)

_ASK_AGAIN_SECONDS = 1.0


def connect_patiently(client: AIOKafkaClient, stopping: Callable[[], bool]) -> None:
    """Have a client that has not been started yet go on trying when it is, until it is connected.

    aiokafka tries once, and what it raises ends the worker. The topics were looked at a moment before; Kafka was there,
    and may have gone away since.

    Args:
        stopping: whether to give up at the next failure.
    """
    connect = client.bootstrap

    async def bootstrap() -> None:
        while True:
            try:
                await connect()
            except KafkaConnectionError as error:
                if stopping():
                    raise
                log.warning("Kafka went away while the worker started; it is tried again: %s", error)
                await asyncio.sleep(_ASK_AGAIN_SECONDS)
            else:
                return

    client.bootstrap = bootstrap
