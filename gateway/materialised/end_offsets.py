"""Where a topic ends, asked for by many readers at once."""

import asyncio
from concurrent.futures import Future

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, ListOffsetsResultInfo, OffsetSpec

Offsets = dict[int, int]
"""Partition -> offset."""


class EndOffsets:
    """Asks the broker for the ends of a topic's partitions.

    Readers that come while a request is out share the next one: an answer under way may be older than a status
    that its reader has already been promised.
    """

    def __init__(self, admin: AdminClient, topic: str, partitions: int, *, timeout: float) -> None:
        self._admin, self._timeout = admin, timeout
        self._partitions = [TopicPartition(topic, partition) for partition in range(partitions)]
        self._out: asyncio.Task[Offsets] | None = None
        self._next: asyncio.Task[Offsets] | None = None

    def now(self) -> Offsets:
        """Block until the broker answers; raises KafkaException or TimeoutError."""
        return {tp.partition: answer.result(self._timeout).offset for tp, answer in self._request().items()}

    async def after_now(self) -> Offsets:
        """The ends at a moment after this call."""
        if self._next is None:
            self._next = asyncio.create_task(self._ask_after(self._out))
        # Shielded: one reader who gives up must not take the answer from the others.
        return await asyncio.shield(self._next)

    async def _ask_after(self, previous: "asyncio.Task[Offsets] | None") -> Offsets:
        if previous is not None:
            await asyncio.wait([previous])
        self._out, self._next = self._next, None
        answers = self._request()
        infos = await asyncio.gather(*(asyncio.wrap_future(answer) for answer in answers.values()))
        return {tp.partition: info.offset for tp, info in zip(answers, infos, strict=True)}

    def _request(self) -> "dict[TopicPartition, Future[ListOffsetsResultInfo]]":
        latest = OffsetSpec.latest()
        return self._admin.list_offsets(dict.fromkeys(self._partitions, latest), request_timeout=self._timeout)
