"""The worker's composition root: loads the analysis, then joins the group and works."""

import asyncio
import logging
import os
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NoReturn

import faust

from schemas.topics import (
    ATTEMPTS_CHANGELOG,
    BATCH_MEMBERS,
    BATCHES,
    BATCHES_CHANGELOG,
    CANCELLATIONS,
    FILINGS_DEAD,
    FILINGS_RETRIES,
    LANES,
    RISKS,
    TASKS,
    WEBHOOKS,
)
from streams.agents.app import WorkerApp
from streams.agents.attempts import AttemptsTable
from streams.agents.batches import BatchTable, add_batch_agent
from streams.agents.cancellations import add_cancellation_agent
from streams.agents.filings import add_filing_agents
from streams.analysis_port import AnalysisNotReady
from streams.assembly import load_configured_analysis, preload_analysis
from streams.batches.batch_life import BatchLife
from streams.cancelling import CancellationLife
from streams.drain import Drain
from streams.faults import AnalysisDied
from streams.filing_life import FilingLife
from streams.gate import ProcessorGate
from streams.in_hand import InHand
from streams.isolation.isolated_analysis import IsolatedAnalysis
from streams.lane_watch import LaneWatch
from streams.metrics import WorkerMetrics
from streams.outcomes import Outcomes
from streams.probes import probes
from streams.processor import Processor
from streams.progress import HeadsInHand, StuckWatch
from streams.settings import WorkerSettings
from streams.stop_signals import stop_signals
from streams.task_memory import TaskMemory
from streams.topic_check import WrongTopics, topics_are_right
from transport.owner_signatures import OwnerSignatures
from transport.publisher import KafkaPublisher
from transport.topics import TopicAdmin

log = logging.getLogger(__name__)

_USED_TOPICS = (
    *LANES, *FILINGS_RETRIES, FILINGS_DEAD, CANCELLATIONS, TASKS, RISKS, BATCH_MEMBERS, BATCHES, WEBHOOKS,
    ATTEMPTS_CHANGELOG, BATCHES_CHANGELOG,
)  # fmt: skip
_LEAVE_SECONDS = 15.0
"""What leaving the group may take beyond the drain; then the process ends, and its filings move as if it had died."""
_CONNECT_SECONDS = 5.0
"""A worker that is to stop while it starts waits so long for Kafka: one that is about to join the group is to leave it
in order, or it would be a member until its session is over."""
_SOFTWARE_FAULT_EXIT = 70


class Worker:
    """One worker process."""

    def __init__(self, settings: WorkerSettings, processor: Processor) -> None:
        self._settings = settings
        self._metrics = WorkerMetrics()
        self._not_ready: str | None = "the worker has not joined its group yet"
        self._gate, self._cancellation_gate = ProcessorGate(), ProcessorGate()
        self._processor = processor
        self._heads = HeadsInHand()
        self._watch: LaneWatch | None = None
        self._drain = Drain(self._gate, self._cancellation_gate, self._processor, settings.drain_seconds)

    async def run(self) -> None:
        """Work until SIGTERM or SIGINT.

        Raises:
            WrongTopics: where a topic is missing, has another number of partitions, or lost its `compact`.
            Exception: what made Faust give up.
        """
        stop = stop_signals()
        host, port = self._settings.worker_probe_host, self._settings.worker_probe_port
        async with probes(host, port, reasons=self._reasons, registry=self._metrics.registry):
            if await self._topics_are_right(stop):
                await self._work(stop)

    def _reasons(self) -> list[str]:
        if self._not_ready is not None:
            return [self._not_ready]
        return [] if self._watch is None else self._watch.reasons()

    async def _topics_are_right(self, stop: asyncio.Event) -> bool:
        def tell(reason: str) -> None:
            self._not_ready = reason

        wanted = [topic for topic in self._settings.topics() if topic.name in _USED_TOPICS]
        return await topics_are_right(TopicAdmin(self._settings.connection()), wanted, stop, tell)

    async def _work(self, stop: asyncio.Event) -> None:
        publisher = KafkaPublisher(self._settings.connection(), client_id="sigmak-worker", delivery_timeout=None)
        app = WorkerApp(self._settings, self._drain.begin)
        memory = TaskMemory(AttemptsTable(app, _now, lane_retention=self._settings.lane_retention))
        outcomes, in_hand = Outcomes(publisher, _now), InHand()
        signatures = OwnerSignatures.by(self._settings.process_secret_file)
        life = FilingLife(
            memory=memory,
            outcomes=outcomes,
            gate=self._gate,
            in_hand=in_hand,
            processor=self._processor,
            metrics=self._metrics,
            retry_delays=[timedelta(seconds=delay) for delay in self._settings.retry_delays],
            lane_retention=self._settings.lane_retention,
            now=_now,
            signatures=signatures,
        )
        add_filing_agents(app, life.process, self._heads, _fail_stop)
        cancelling = CancellationLife(memory, outcomes, self._cancellation_gate, in_hand, self._metrics, signatures)
        add_cancellation_agent(app, cancelling.process, _fail_stop)
        batches = BatchTable(app, _now, lane_retention=self._settings.lane_retention)
        # Through the cancellations' gate: both are a few acknowledgements, none of them under way when partitions move.
        batch_life = BatchLife(batches, publisher, self._cancellation_gate, self._metrics, _now)
        add_batch_agent(app, batch_life.process, _fail_stop)
        self._metrics.show(oldest=self._heads.oldest, now=_now, queued=publisher.queued)
        self._watch = LaneWatch(app.positions, StuckWatch(self._settings.stuck_seconds, time.monotonic), self._metrics)

        async def joined(*_args: object, **_kwargs: object) -> None:
            self._drain.end(app.cancellations_taken)
            self._not_ready = None
            log.info("the worker has its partitions")

        app.on_rebalance_complete.connect(joined)
        if not await _started(app, stop):
            await leave(app, within=_LEAVE_SECONDS)
            publisher.close()
            return
        watching = asyncio.create_task(self._watch.run())
        stopped = asyncio.create_task(stop.wait())
        ended = asyncio.create_task(app.wait_until_stopped())
        await asyncio.wait({stopped, ended}, return_when=asyncio.FIRST_COMPLETED)
        self._not_ready = "the worker is leaving"
        watching.cancel()
        await leave(app, within=self._settings.drain_seconds + _LEAVE_SECONDS)
        publisher.close()
        if app.crash_reason is not None:
            raise app.crash_reason


async def leave(app: faust.App, *, within: float) -> None:
    """Stop the app and leave its group; ends the process where that takes longer than so many seconds."""
    leaving = asyncio.create_task(app.stop())
    # Not `wait_for`: it cancels, and waits for who takes no notice, as Faust's services do while they stop.
    await asyncio.wait({leaving}, timeout=within)
    if not leaving.done():
        # Kafka is away: nothing more can be acknowledged, and nothing that was not is committed.
        log.critical("the worker could not leave its group in time and ends without")
        _end(_SOFTWARE_FAULT_EXIT)
    await leaving


async def _started(app: WorkerApp, stop: asyncio.Event) -> bool:
    """Start the app; False where it was to stop before it had started, as Kafka was away or its group rebalanced."""
    starting, stopping = asyncio.create_task(app.start()), asyncio.create_task(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not starting.done():
        await asyncio.wait({starting}, timeout=_CONNECT_SECONDS)
    if starting.done():
        await starting
    return not starting.cancel()


def run_worker(settings: WorkerSettings) -> None:
    """Run one worker until it is told to stop, and end the process. It must have started no thread yet.

    Raises:
        AnalysisNotReady: the analysis can't be had.
        WrongTopics: as `Worker.run` does.
    """
    settings.worker_dir.mkdir(parents=True, exist_ok=True)
    os.nice(settings.worker_nice)
    analysis = IsolatedAnalysis(
        partial(load_configured_analysis, settings),
        preload=partial(preload_analysis, settings),
        seconds=settings.analysis_seconds,
        memory_bytes=settings.analysis_memory_bytes,
    )
    try:
        analysis.start()
    except AnalysisDied as error:
        raise AnalysisNotReady(f"the analysis could not be loaded: {error}") from error
    try:
        # Not `asyncio.run`: it cancels what is left, and waits for it. A part of Faust that was told to stop while it
        # started takes no notice, and the process stayed for ever.
        asyncio.Runner().run(Worker(settings, Processor(analysis, stop=analysis.abandon)).run())
    except WrongTopics:
        raise
    except Exception:
        log.critical("the worker ends", exc_info=True)
        _end(_SOFTWARE_FAULT_EXIT)
    # The analysis's processes end with this one.
    _end(0)


def _fail_stop(error: BaseException) -> NoReturn:
    log.critical("the worker ends at once, and its filings go to others: %s", type(error).__name__, exc_info=error)
    _end(_SOFTWARE_FAULT_EXIT)


def _end(code: int) -> NoReturn:
    logging.shutdown()
    os._exit(code)


def _now() -> datetime:
    return datetime.now(UTC)
