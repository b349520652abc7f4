"""Looks again and again how far the partitions are, shows the lanes' lag, and finds those that are stuck."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from schemas.topics import LANES
from streams.metrics import WorkerMetrics
from streams.progress import Partition, Position, StuckWatch

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
_ANSWER_SECONDS = 10.0


@dataclass
class LaneWatch:
    """Watches the partitions that this worker has.

    Attributes:
        positions: asks the broker how far they are.
        stuck: judges them.
    """

    positions: Callable[[], Awaitable[Mapping[Partition, Position]]]
    stuck: StuckWatch
    metrics: WorkerMetrics
    _reasons: dict[Partition, str] = field(default_factory=dict)

    async def run(self) -> None:
        """Watch until it is cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Look once."""
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                positions = await self.positions()
        except Exception as error:
            # Kafka is away or a rebalance goes on: what was last seen stays true until the next look.
            log.debug("the lanes' ends are not known now: %r", error)
            return
        for lane in LANES:
            lag = sum(position.lag for (topic, _), position in positions.items() if topic == lane)
            self.metrics.lag.labels(lane).set(lag)
        stuck = self.stuck.observe(positions)
        for where in stuck.keys() - self._reasons.keys():
            topic, partition = where
            log.error("stuck: %s, partition %s: %s wait and none ends", topic, partition, positions[where].lag)
        self._reasons = {
            (topic, partition): f"{topic}, partition {partition} is stuck: no event ended for {seconds:.0f} s, "
            f"{positions[topic, partition].lag} wait"
            for (topic, partition), seconds in stuck.items()
        }

    def reasons(self) -> list[str]:
        """Why the worker is not well; empty where every partition moves."""
        return sorted(self._reasons.values())
