"""The gateway's composition root: builds the parts, injects them, and serves."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence

import uvicorn
from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from gateway import problems
from gateway.callbacks import Callbacks
from gateway.keys import ApiKeys
from gateway.metrics import GatewayMetrics
from gateway.publisher import FilingPublisher
from gateway.readiness import Readiness
from gateway.routes import probes, submissions, tasks
from gateway.settings import GatewaySettings
from gateway.status_table.follower import StatusFollower
from gateway.status_table.table import StatusTable
from schemas.topics import LANES, TASKS
from transport.documents import DocumentFolders
from transport.publisher import KafkaPublisher
from transport.topics import Difference, TopicAdmin

log = logging.getLogger(__name__)

_USED_TOPICS = (*LANES, TASKS)
_WRONG_TOPICS_EXIT = 1


class Gateway:
    """One gateway process."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings
        self._exit_code = 0
        self._keys = ApiKeys(settings.api_keys_file)
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._app(),
                host=settings.host,
                port=settings.port,
                loop="uvloop",
                http="httptools",
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=10,
                server_header=False,
            )
        )

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT; returns the exit code."""
        self._server.run()
        return self._exit_code

    def _app(self) -> FastAPI:
        app = FastAPIOffline(title="SigmaK Streams", version="1", lifespan=self._lifespan)
        problems.register(app)
        app.include_router(submissions.router)
        app.include_router(tasks.router)
        app.include_router(probes.router)
        return app

    @contextlib.asynccontextmanager
    async def _lifespan(self, app: FastAPI) -> AsyncIterator[None]:
        settings = self._settings
        connection = settings.connection()
        table = StatusTable(settings.status_table_dir)
        follower = StatusFollower(table, connection=connection, topic=TASKS, partitions=settings.partitions)
        kafka = KafkaPublisher(connection, client_id="sigmak-gateway", delivery_timeout=settings.publish_timeout)
        readiness = Readiness(
            publisher=kafka,
            follower=follower,
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
        app.state.publisher = FilingPublisher(kafka, settings.publish_timeout)
        app.state.table, app.state.follower, app.state.readiness = table, follower, readiness
        follower.start()
        topic_check = asyncio.create_task(readiness.check_topics())
        try:
            yield
        finally:
            topic_check.cancel()
            await asyncio.to_thread(follower.stop)
            await asyncio.to_thread(kafka.close)
            table.close()

    def _stop_for_topics(self, differences: Sequence[Difference]) -> None:
        reasons = "; ".join(map(str, differences))
        log.critical("the gateway stops: %s. `sigmak topics apply` creates what is missing.", reasons)
        self._exit_code = _WRONG_TOPICS_EXIT
        self._server.should_exit = True
