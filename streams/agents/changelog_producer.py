"""The producer of the Tables' changelogs: while Kafka is away it waits, and does not end the worker."""

import logging
from typing import Any

from aiokafka.errors import UnknownTopicOrPartitionError
from faust.exceptions import ProducerSendError
from faust.transport.drivers.aiokafka import Producer

from streams.agents.first_connection import connect_patiently

log = logging.getLogger(__name__)

_REQUEST_SECONDS = 5.0
"""Of records that are tiny; a filing waits for it after it waited for the consumer, whose requests may take 10 s."""


class ChangelogProducer(Producer):
    """Faust's producer, which finds out in time that its connection is dead, and goes on asking.

    Faust has one time for how long a request may take and how long a record is tried again: 20 minutes. That long a
    filing would wait on a dead connection; were it shorter, an outage would end the worker.
    """

    async def send(self, *args: Any, **kwargs: Any) -> Any:
        """See `Producer`.

        A broker that has just started may not know its topics yet, and the producer forgets their partitions. Where
        Kafka is away again before it tells them, aiokafka calls the topic unknown after the time of one request.
        """
        while True:
            try:
                return await super().send(*args, **kwargs)
            except ProducerSendError as error:
                if self.should_stop or not isinstance(error.__cause__, UnknownTopicOrPartitionError):
                    raise
                log.warning("Kafka does not tell the partitions of a changelog; it is asked again")

    def _new_producer(self, transactional_id: str | None = None) -> Any:
        producer = super()._new_producer(transactional_id)
        connect_patiently(producer.client, lambda: self.should_stop)
        producer.client._request_timeout_ms = int(_REQUEST_SECONDS * 1000)  # noqa: SLF001, no setting has it
        return producer
