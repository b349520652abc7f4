"""Where a topic ends, asked for by many readers at once."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from confluent_kafka import Consumer, KafkaError, KafkaException

from gateway.materialised.leaders import learn_leaders
from transport.connection import KafkaConnection
from transport.partition_ends import ends_now

Offsets = dict[int, int]
"""Partition -> offset."""

_AGAIN_SECONDS = 0.1
_NO_SUCH_TOPIC = (KafkaError._UNKNOWN_TOPIC, KafkaError.UNKNOWN_TOPIC_OR_PART)
"""All others pass: a leader died, or the client has yet to hear who leads a new topic."""


class EndOffsetsClient:
    """Asks the brokers for the ends of topics' partitions, in one round trip; from any thread."""

    def __init__(self, connection: KafkaConnection, *, timeout: float) -> None:
        """`timeout`: seconds that a question may take."""
        self._timeout = timeout
        # No admin client: that one asks who leads the partitions before each question, and takes twice as long.
        self._consumer = Consumer(
            {**connection.client_settings(), "group.id": "sigmak-status-table-ends", "log_level": 2}
        )
        self._doubted: set[str] = set()
        """Topics of which a question failed, perhaps since a leader died: the next one asks first who leads them."""

    def ends(self, topic: str, partitions: int) -> Offsets:
        """Block until the brokers have answered.

        Raises:
            KafkaException: where they do not, or there is no such topic.
        """
        deadline = time.monotonic() + self._timeout
        while True:
            try:
                return self._ends_by(deadline, topic, partitions)
            except KafkaException as error:
                # Not within this time: a slow network needs all of it for an answer.
                self._doubted.add(topic)
                if error.args[0].code() in _NO_SUCH_TOPIC or time.monotonic() + _AGAIN_SECONDS > deadline:
                    raise
            time.sleep(_AGAIN_SECONDS)

    def _ends_by(self, deadline: float, topic: str, partitions: int) -> Offsets:
        if topic in self._doubted:
            learn_leaders(self._consumer, topic, timeout=max(0.0, deadline - time.monotonic()))
        left = max(0.0, deadline - time.monotonic())
        ends = ends_now(self._consumer, topic, partitions=partitions, timeout=left)
        self._doubted.discard(topic)
        return ends

    def discard_events(self) -> None:
        """Let go what the client has to tell of its connections: while Kafka is away it collects that until asked."""
        self._consumer.poll(0)

    def close(self) -> None:
        """Ask nothing more."""
        self._consumer.close()


class EndOffsets:
    """Shares answers about one topic's ends between those who want them at once.

    Readers that come while a question is out share the next one: an answer under way may be older than a status
    that its reader has already been promised.

    Args:
        ask: blocks until it is answered.
    """

    def __init__(self, ask: Callable[[], Offsets]) -> None:
        self._ask = ask
        # One thread of its own: while Kafka is away the event loop's few would all wait for it.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="end-offsets")
        self._out: asyncio.Future[Offsets] | None = None
        self._next: asyncio.Task[Offsets] | None = None

    def now(self) -> Offsets:
        """Block until the broker answers; raises as `ask` does."""
        return self._ask()

    async def after_now(self) -> Offsets:
        """The ends at a moment after this call; raises as `ask` does."""
        if self._next is None:
            self._next = asyncio.create_task(self._ask_after(self._out))
        # Shielded: one reader who gives up must not take the answer from the others.
        return await asyncio.shield(self._next)

    def close(self) -> None:
        """Ask nothing more; returns when what is out is answered."""
        self._thread.shutdown(cancel_futures=True)

    async def _ask_after(self, previous: "asyncio.Future[Offsets] | None") -> Offsets:
        if previous is not None:
            await asyncio.wait([previous])
        self._out, self._next = self._next, None
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._ask)
