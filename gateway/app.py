"""The gateway's composition root: builds the parts, injects them, and serves."""

import asyncio
import contextlib
import functools
import gc
import logging
import operator
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from types import FrameType

import uvicorn
from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from gateway import problems
from gateway.admission import Admission
from gateway.api_description import describe
from gateway.batches.batch_publisher import BatchPublisher
from gateway.batches.batch_rows import BatchRows, BatchTable
from gateway.batches.batch_watching import BatchWatches
from gateway.bodies_in_hand import BodiesInHand
from gateway.callbacks import Callbacks
from gateway.cancellation_rate import CancellationRate
from gateway.canceller import Canceller
from gateway.connections.descriptors import BACKLOG, connections_that_fit
from gateway.connections.probe_listener import probe_listener
from gateway.connections.protocol import Guard, guarded
from gateway.connections.registry import Registry, check_connections
from gateway.idempotency.claim_rows import ClaimRows, ClaimTable
from gateway.idempotency.fingerprints import batch_hash_in_thread, hash_in_thread
from gateway.idempotency.submissions import KeyedSubmissions
from gateway.known_keys import KnownKeys
from gateway.limits import limit_number
from gateway.materialised.database import Database
from gateway.materialised.follower import TopicsFollower
from gateway.materialised.subscriptions import Subscriptions
from gateway.metrics import GatewayMetrics
from gateway.open_streams import OpenStreams
from gateway.publisher import FilingPublisher
from gateway.readiness import Readiness
from gateway.request_targets import BoundedTargets
from gateway.routes import (
    batch_events,
    batch_submissions,
    batches,
    cancellations,
    events,
    listing,
    probes,
    submissions,
    tasks,
)
from gateway.settings import GatewaySettings
from gateway.status_table.rows import Row
from gateway.status_table.status_rows import StatusRows
from gateway.status_table.table import StatusTable
from gateway.status_table.watching import TaskWatches
from gateway.stopping import begin_limited_stop
from schemas.topics import BATCH_MEMBERS, BATCHES, CANCELLATIONS, IDEMPOTENCY, LANES, TASKS, WEBHOOKS
from transport.documents import DocumentFolders
from transport.owner_signatures import OwnerSignatures, SigningPublisher
from transport.publisher import KafkaPublisher
from transport.topics import Difference, TopicAdmin

log = logging.getLogger(__name__)

_USED_TOPICS = (*LANES, CANCELLATIONS, TASKS, IDEMPOTENCY, BATCHES, BATCH_MEMBERS, WEBHOOKS)
_WRONG_TOPICS_EXIT = 1
_STOP_SECONDS = 9.0
"""Seconds from SIGTERM to the end of the process, whatever hangs: a supervisor kills it after 10. What is on Kafka is
safe without an orderly end, and the table is rebuilt."""
_FINISH_SECONDS = 5
"""Seconds for requests under way: more than Kafka has to acknowledge one filing."""
_FLUSH_SECONDS = 1.0
"""Seconds for events in flight that nobody waits for any more."""


class Gateway:
    """One gateway process."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings
        self._exit_code = 0
        self._keys = KnownKeys(settings.api_keys_file)
        self._changes: Subscriptions[Row] = Subscriptions()
        self._batch_changes: Subscriptions[None] = Subscriptions()
        self.app = self._build()
        connections = connections_that_fit(settings.max_connections)
        self._guard = Guard(
            Registry(connections, min(settings.max_connections_per_address, connections // 2)),
            head_bytes=settings.max_head_bytes,
            head_seconds=settings.head_timeout,
            read_seconds=settings.read_timeout,
        )
        self._server = _Server(
            uvicorn.Config(
                self.app,
                host=settings.host,
                port=settings.port,
                loop="uvloop",
                http=guarded(self._guard),
                ws="none",
                # Anybody can send X-Forwarded-*; SIGMAK_PUBLIC_URL says what a proxy would.
                proxy_headers=False,
                backlog=BACKLOG,
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=_FINISH_SECONDS,
                server_header=False,
            ),
            on_drain=self._let_go,
        )

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT; returns the exit code."""
        self._server.run()
        return self._exit_code

    def _build(self) -> FastAPI:
        app = FastAPIOffline(
            title="SigmaK Streams",
            version="1",
            lifespan=self._lifespan,
            # A redirect would name the host that the request names.
            redirect_slashes=False,
            generate_unique_id_function=operator.attrgetter("name"),
        )
        problems.register(app)
        app.add_middleware(BoundedTargets)
        describe(app)
        # Tried in this order: what is asked most comes first.
        app.include_router(tasks.router)
        app.include_router(submissions.router)
        app.include_router(cancellations.router)
        app.include_router(events.router)
        app.include_router(listing.router)
        app.include_router(batch_submissions.router)
        app.include_router(batches.router)
        app.include_router(batch_events.router)
        app.include_router(probes.router)
        return app

    @contextlib.asynccontextmanager
    async def _lifespan(self, app: FastAPI) -> AsyncIterator[None]:
        settings = self._settings
        connection = settings.connection()
        database = Database(settings.status_table_dir)
        follower = TopicsFollower(
            database,
            [StatusRows(TASKS, self._changes), ClaimRows(IDEMPOTENCY), BatchRows(BATCHES, self._batch_changes)],
            connection=connection,
            partitions=settings.partitions,
        )
        kafka = KafkaPublisher(connection, client_id="sigmak-gateway", delivery_timeout=settings.publish_timeout)
        signing = SigningPublisher(kafka, OwnerSignatures.by(settings.process_secret_file))
        readiness = Readiness(
            publisher=kafka,
            follower=follower,
            keys=self._keys,
            admin=TopicAdmin(connection),
            topics=[topic for topic in settings.topics() if topic.name in _USED_TOPICS],
            on_wrong_topics=self._stop_for_topics,
        )
        metrics = GatewayMetrics()
        metrics.show(table_lag=follower.lag, queued=kafka.queued)
        app.state.metrics = metrics
        app.state.settings, app.state.keys = settings, self._keys
        app.state.documents = DocumentFolders(settings.document_roots)
        app.state.callbacks = Callbacks.of(settings)
        app.state.publisher = publisher = FilingPublisher(signing, settings.publish_timeout)
        app.state.canceller = Canceller(signing, settings.publish_timeout)
        claims = ClaimTable(database, functools.partial(follower.catch_up, IDEMPOTENCY))
        app.state.keyed_submissions = KeyedSubmissions(publisher, claims, hash_in_thread)
        batch_publisher = BatchPublisher(publisher, settings.batch_publish_timeout)
        app.state.batch_publisher = batch_publisher
        app.state.keyed_batches = KeyedSubmissions(batch_publisher, claims, batch_hash_in_thread)
        app.state.table = table = StatusTable(database)
        app.state.batches = batch_table = BatchTable(database)
        app.state.watches = TaskWatches(table, self._changes)
        app.state.batch_watches = BatchWatches(
            batch_table, table, batch_news=self._batch_changes, task_news=self._changes
        )
        app.state.admission, app.state.bodies = Admission(table), BodiesInHand(settings.max_bodies_bytes)
        app.state.open_streams = OpenStreams()
        app.state.cancellation_rate = CancellationRate(limit_number(settings.cancellations_per_minute))
        app.state.follower, app.state.readiness = follower, readiness
        follower.start()
        topic_check = asyncio.create_task(readiness.check_topics())
        _spare_the_collector()
        try:
            async with self._listening(app):
                yield
        finally:
            topic_check.cancel()
            await asyncio.to_thread(follower.stop)
            await asyncio.to_thread(kafka.close, _FLUSH_SECONDS)
            database.close()

    @contextlib.asynccontextmanager
    async def _listening(self, app: FastAPI) -> AsyncIterator[None]:
        """The probes' port, and the look at all connections, for the time of the block."""
        host, port = self._settings.gateway_probe_host, self._settings.gateway_probe_port
        async with probe_listener(app, host, port, self._guard) as probe_registry:
            registries = [self._guard.registry, *([probe_registry] if probe_registry else [])]
            checks = asyncio.create_task(check_connections(registries))
            try:
                yield
            finally:
                checks.cancel()

    def _let_go(self) -> None:
        self._changes.end()
        self._batch_changes.end()

    def _stop_for_topics(self, differences: Sequence[Difference]) -> None:
        reasons = "; ".join(map(str, differences))
        log.critical("the gateway stops: %s. `sigmak topics apply` creates what is missing.", reasons)
        self._exit_code = _WRONG_TOPICS_EXIT
        self._server.should_exit = True


class _Server(uvicorn.Server):
    """Lets those go who wait for a task before it waits for open connections: it would wait for them in vain."""

    def __init__(self, config: uvicorn.Config, *, on_drain: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_drain = on_drain

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Called with SIGTERM and SIGINT: the first begins the end, which has a limit; the second is the end."""
        if self.should_exit:
            signal.signal(sig, signal.SIG_DFL)
            os.kill(os.getpid(), sig)
        super().handle_exit(sig, frame)
        begin_limited_stop(_STOP_SECONDS, 128 + sig)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Called in the event loop after SIGTERM or SIGINT."""
        self._on_drain()
        await super().shutdown(sockets)


def _spare_the_collector() -> None:
    """Have the garbage collector leave alone what lives as long as the process.

    It looked through all of the libraries' objects from time to time, and no request was answered for 50 to 140 ms.
    """
    gc.freeze()
    gc.enable()
