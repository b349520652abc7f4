"""A publisher that keeps what it is given, and fails or waits where a test says so."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.envelope import CloudEvent


@dataclass(frozen=True)
class Published:
    """One acknowledged message; `event` is None for a tombstone and for bytes as they were."""

    topic: str
    key: str | bytes | None
    event: CloudEvent | None = None
    value: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int | None = None

    @property
    def tombstone(self) -> bool:
        """Whether it deletes its key."""
        return self.event is None and self.value is None


class FakePublisher:
    """An `EventPublisher` without Kafka.

    Attributes:
        published: what was acknowledged, in the order of the acknowledgements.
        asked: the topics that something was sent to, acknowledged or not.
        faults: topic -> what its next messages fail with, in turn; None lets one pass.
        held: topic -> an event that its acknowledgements wait for.
    """

    def __init__(self) -> None:
        self.published: list[Published] = []
        self.asked: list[str] = []
        self.faults: dict[str, list[Exception | None]] = {}
        self.held: dict[str, asyncio.Event] = {}

    async def publish(self, topic: str, key: str, event: CloudEvent | None) -> None:
        """Keep one event."""
        await self._take(Published(topic, key, event))

    async def publish_raw(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]],
        *,
        partition: int | None = None,
    ) -> None:
        """Keep bytes."""
        await self._take(Published(topic, key, None, value, tuple(headers), partition))

    def topics(self) -> list[str]:
        """The topics of what was acknowledged, in its order."""
        return [message.topic for message in self.published]

    def on(self, topic: str) -> list[Published]:
        """What a topic holds."""
        return [message for message in self.published if message.topic == topic]

    async def _take(self, message: Published) -> None:
        self.asked.append(message.topic)
        if message.topic in self.held:
            await self.held[message.topic].wait()
        faults = self.faults.get(message.topic)
        fault = faults.pop(0) if faults else None
        if fault is not None:
            raise fault
        self.published.append(message)
