"""The recovery of Tables at a rebalance, which begins anew where Faust's would end for ever without a word."""

import asyncio
import logging
from typing import Any

from aiokafka.errors import KafkaTimeoutError
from faust.tables import TableManager
from faust.tables.recovery import RebalanceAgain, Recovery, ServiceStopped
from faust.types import TP

from streams.agents.acknowledged_table import AcknowledgedTable

log = logging.getLogger(__name__)

_SETTLED_WITHIN = 5.0
"""A request of the changelogs' producer takes no longer; half the time after which Kafka gives up a worker."""


class PatientRecovery(Recovery):
    """Asks Kafka again for what it did not tell in time.

    Faust takes a time-out for its own stop: its recovery ended quietly when a rebalance met a network that was slow for
    `broker_request_timeout`. The worker then kept its partitions, and began no filing of them until it was restarted.
    Where the client's own time was up before Faust's, it ended the worker.
    """

    async def _wait(self, coro: Any, timeout: Any = None) -> None:
        try:
            await super()._wait(coro, timeout)
        except (ServiceStopped, asyncio.CancelledError, KafkaTimeoutError) as ended:
            task = asyncio.current_task()
            if self.should_stop or (task is not None and task.cancelling()):
                raise
            log.warning("the recovery of Tables begins anew: %s", type(ended).__name__)
            self.signal_recovery_start.set()
            raise RebalanceAgain from ended


class PatientTables(TableManager):
    """Faust's manager of Tables with that recovery."""

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Let what is under way come to stand before the end up to which Tables are recovered.

        Else a partition that was lost and came back is worked on with changes that nobody but this worker knows.
        """
        for table in self.values():
            if isinstance(table, AcknowledgedTable):
                await table.settle(within=_SETTLED_WITHIN)
        await super().on_rebalance(assigned, revoked, newly_assigned, generation_id)

    @property
    def recovery(self) -> Recovery:
        """The one recovery of all Tables."""
        if self._recovery is None:
            self._recovery = PatientRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery
