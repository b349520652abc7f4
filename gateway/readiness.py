"""Whether the gateway can do its work, part by part."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from gateway.known_keys import KnownKeys
from gateway.materialised.follower import TopicsFollower
from schemas.topics import Topic
from transport.publisher import KafkaPublisher
from transport.topic_question import TopicQuestion
from transport.topics import Difference, TopicAdmin

log = logging.getLogger(__name__)

_TOPIC_CHECK_SECONDS = 1.0


class Readiness:
    """Collects the faults of the parts, and checks the topics once when Kafka is first reached.

    Args:
        on_wrong_topics: called with the differences that the gateway must not run on.
    """

    def __init__(
        self,
        *,
        publisher: KafkaPublisher,
        follower: TopicsFollower,
        keys: KnownKeys,
        admin: TopicAdmin,
        topics: Sequence[Topic],
        on_wrong_topics: Callable[[Sequence[Difference]], None],
    ) -> None:
        self._publisher, self._follower, self._keys = publisher, follower, keys
        self._admin, self._wanted, self._on_wrong_topics = admin, topics, on_wrong_topics
        self._topics_fault: str | None = "the topics were not checked yet"

    async def check_topics(self) -> None:
        """Wait for Kafka, then compare its topics with the catalogue."""
        question = TopicQuestion(self._admin, self._wanted)
        while isinstance(answer := await question.ask(), str):
            self._topics_fault = answer
            await asyncio.sleep(_TOPIC_CHECK_SECONDS)
        fatal = [difference for difference in answer if difference.fatal]
        for difference in answer:
            log.warning("topic differs from the catalogue: %s", difference)
        if fatal:
            self._topics_fault = "; ".join(map(str, fatal))
            self._on_wrong_topics(fatal)
        else:
            self._topics_fault = None

    def parts(self) -> dict[str, str | None]:
        """Part -> its fault, or None."""
        return {**self._needed(), "api_keys": self._keys.fault()}

    def _needed(self) -> dict[str, str | None]:
        return {
            "kafka": None if self._publisher.available else "Kafka is away",
            "topics": self._topics_fault,
            "status_table": self._follower.fault(),
        }

    def reasons(self) -> list[str]:
        """Why the gateway is not ready; empty where it is."""
        return [fault for fault in self._needed().values() if fault is not None]
