"""The Faust app, set up so that it neither loses filings nor drowns in them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar

import faust
from faust.transport.drivers.aiokafka import Transport
from faust.types.transports import ConsumerT, ProducerT, TransportT

from schemas.topics import CANCELLATIONS
from streams.agents.changelog_producer import ChangelogProducer
from streams.agents.consumer import ExplicitAckConsumer
from streams.agents.recovery import PatientTables
from streams.agents.supervision import ActorSupervisor
from streams.progress import Partition, Position
from streams.settings import WorkerSettings
from transport.connection import KafkaConnection

GROUP = "sigmak-worker"

_BUFFERED_EVENTS = 4
"""Faust's default of 4096 a partition was measured at 1.3 GB with filings of megabytes."""
_FETCH_BYTES = 4 * 1024 * 1024
_COMMIT_SECONDS = 1.0
_REQUEST_SECONDS = 10.0
"""Faust's default of 90 s is how long the consumer would wait on a connection whose other end was lost without a word.
The rejoining may wait twice, for a fetch and for a heartbeat; Faust wants no less than the session timeout."""
_LOOK_SECONDS = 0.05
_NEVER_SECONDS = 24 * 60 * 60.0


class _Transport(Transport):
    Consumer: ClassVar[type[ConsumerT]] = ExplicitAckConsumer
    Producer: ClassVar[type[ProducerT]] = ChangelogProducer


class WorkerApp(faust.App):
    """A Faust app that drains on a rebalance as we say, not as Faust would.

    Faust would wait for every event in hand (`stream_wait_empty`), also for those that only wait for the processor:
    that may be hours. `drain` waits for the filing in work alone.
    """

    def __init__(self, settings: WorkerSettings, drain: Callable[[], Awaitable[None]]) -> None:
        connection = settings.connection()
        super().__init__(
            GROUP,
            broker=_broker_url(connection.bootstrap_servers),
            broker_credentials=_credentials(connection),
            store="rocksdb://",
            TableManager=PatientTables,
            agent_supervisor=ActorSupervisor,
            datadir=str(settings.worker_dir),
            autodiscover=False,
            web_enabled=False,
            topic_allow_declare=False,
            topic_disable_leader=True,
            reply_create_topic=False,
            processing_guarantee="at_least_once",
            consumer_auto_offset_reset="earliest",
            stream_wait_empty=False,
            stream_buffer_maxsize=_BUFFERED_EVENTS,
            consumer_max_fetch_size=_FETCH_BYTES,
            broker_commit_interval=_COMMIT_SECONDS,
            broker_request_timeout=max(_REQUEST_SECONDS, settings.session_timeout),
            broker_session_timeout=settings.session_timeout,
            broker_heartbeat_interval=settings.session_timeout / 4,
            broker_rebalance_timeout=settings.rebalance_timeout,
            # A partition whose buffer is full is not polled: that is no sign of a dead worker.
            broker_max_poll_interval=_NEVER_SECONDS,
            table_standby_replicas=0,
            worker_redirect_stdouts=False,
        )
        self._drain = drain

    async def positions(self) -> Mapping[Partition, Position]:
        """How far each partition of lanes and cancellations is that this worker has."""
        consumer = self.consumer
        assert isinstance(consumer, ExplicitAckConsumer)
        return await consumer.positions()

    async def cancellations_taken(self) -> None:
        """Return once this worker has taken all cancellations that its partitions held when this was called."""
        ends: dict[Partition, int] = {}
        while True:
            positions = await self.positions()
            here = {where: position for where, position in positions.items() if where[0] == CANCELLATIONS}
            for where, position in here.items():
                ends.setdefault(where, position.done + position.lag)
            if all(position.done >= ends[where] for where, position in here.items()):
                return
            await asyncio.sleep(_LOOK_SECONDS)

    def _new_transport(self) -> TransportT:
        return _Transport(self.conf.broker_consumer, self)

    async def _consumer_wait_empty(self, consumer: ConsumerT, logger: Any) -> None:
        await self._drain()
        await consumer.commit()


def _broker_url(bootstrap_servers: str) -> str:
    return ";".join(f"kafka://{server.strip()}" for server in bootstrap_servers.split(","))


def _credentials(connection: KafkaConnection) -> faust.SASLCredentials | faust.SSLCredentials | None:
    context = None if connection.tls is None else connection.tls.context()
    if connection.sasl is not None:
        return faust.SASLCredentials(
            username=connection.sasl.username,
            password=connection.sasl.password.get_secret_value(),
            mechanism=connection.sasl.mechanism,
            ssl_context=context,
        )
    return None if context is None else faust.SSLCredentials(context)
