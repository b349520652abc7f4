"""What the worker says of a filing: statuses, assessments, dead letters; each acknowledged where it must be."""

import itertools
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from schemas.batches import RiskDigest
from schemas.dead_letters import Death, moved, without_ballast
from schemas.envelope import ATTEMPT_HEADER, DUE_HEADER, LANE_HEADER
from schemas.events import risk_assessment, task_status
from schemas.risks import IndexSummary, RiskAssessment
from schemas.tasks import FINISHED, Progress, TaskError, TaskState, TaskStatus, in_step
from schemas.topics import FILINGS_DEAD, FILINGS_RETRIES, RISKS, TASKS
from schemas.webhooks import task_ended
from streams.batches.announcement import tell_outcome
from streams.batches.digests import digest_of
from streams.incoming import FilingEvent, FilingRecord, Task
from streams.webhooks.announcement import announce
from transport.publisher import EventPublisher, EventTooLarge

log = logging.getLogger(__name__)

_SOURCE = "/sigmak/worker"
_CUT_TEXT_LENGTHS = (4000, 1000, 200, 0)
"""Characters kept of each factor's text, tried in turn where a result is over its topic's limit."""

_KEPT_OF_A_KEY = 100
_NOTHING_SAID = RiskDigest()


class ResultTooLarge(Exception):
    """A result is over its topic's limit even without its factors' texts."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Publishes for one worker."""

    events: EventPublisher
    now: Callable[[], datetime]

    async def progress(self, event: FilingEvent, step: int, started_at: datetime) -> None:
        """Say that a step begins, 1 to 5."""
        await self._status(event, state=TaskState.PROGRESS, progress=in_step(step), started_at=started_at)

    async def success(self, event: FilingEvent, result: RiskAssessment | IndexSummary, started_at: datetime) -> None:
        """Publish the result, then the status: a reader who sees SUCCESS must find the assessment on its topic.

        Raises:
            ResultTooLarge: nothing was said of the task yet.
        """
        result = result.model_copy(update={"labels": event.filing.labels})
        if isinstance(result, IndexSummary):
            await self._succeeded(event, result, started_at, RiskDigest())
            return
        await _fitting(result, lambda fitting: self._assessment(event, fitting))
        digest = digest_of(result, event.task_id)
        shown = result.showing(event.filing.retrieve_top_k)
        await _fitting(shown, lambda fitting: self._succeeded(event, fitting, started_at, digest))

    async def failure(
        self, event: FilingEvent, error: TaskError, started_at: datetime | None, reached: Progress
    ) -> None:
        """Say that the task failed, why, and how far it had come."""
        await self._status(
            event, state=TaskState.FAILURE, progress=reached, error=error, started_at=started_at, ended_at=self.now()
        )

    async def cancelled(self, event: Task, started_at: datetime | None, reached: Progress) -> None:
        """Say that the task was cancelled, and how far it had come."""
        await self._status(
            event, state=TaskState.CANCELLED, progress=reached, started_at=started_at, ended_at=self.now()
        )

    async def retry(
        self,
        record: FilingRecord,
        event: FilingEvent,
        error: TaskError,
        *,
        due_at: datetime,
        started_at: datetime,
        reached: Progress,
    ) -> None:
        """Put the next attempt's event on its retry topic, then say that the task waits.

        The event goes first: a crash between the two repeats this attempt, but never leaves a task that waits for an
        event which does not exist. It keeps its partition, whose part of the Table remembers the task.

        Raises:
            EventTooLarge: the retry topic does not take it.
        """
        ours = {
            ATTEMPT_HEADER: str(event.attempt + 1),
            LANE_HEADER: record.topic,
            DUE_HEADER: due_at.isoformat(),
        }
        headers = [pair for pair in moved(record.headers, record.origin) if pair[0] not in ours]
        headers += [(name, text.encode()) for name, text in ours.items()]
        topic = FILINGS_RETRIES[event.attempt - 1]
        await self.events.publish_raw(topic, record.key, record.value, headers, partition=record.partition)
        await self._status(
            event, state=TaskState.RETRY, progress=reached, error=error, started_at=started_at, due_at=due_at
        )

    async def dead_letter(self, record: FilingRecord, reason: Death) -> None:
        """Keep a record's original bytes on the dead-letter topic, with the reason and where it stood in headers."""
        headers = moved(record.headers, record.origin, reason)
        try:
            await self.events.publish_raw(FILINGS_DEAD, record.key, record.value, headers)
        except EventTooLarge:
            # A lane took it as its producer compressed it. The next worker would fail on it as this one did, so it is
            # set aside without its value, which stays where the headers tell for as long as the lane keeps events;
            # and without what else may be of any size.
            few = without_ballast(record.headers)
            headers = moved(few, record.origin, replace(reason, value_left_behind=True))
            key = None if record.key is None else record.key[:_KEPT_OF_A_KEY]
            await self.events.publish_raw(FILINGS_DEAD, key, None, headers)

    async def _assessment(self, event: FilingEvent, assessment: RiskAssessment) -> None:
        message = risk_assessment(
            assessment,
            task_id=event.task_id,
            source=_SOURCE,
            time=self.now(),
            owner=event.owner,
            traceparent=event.traceparent,
        )
        await self.events.publish(RISKS, assessment.ticker, message)

    async def _succeeded(
        self, event: FilingEvent, result: RiskAssessment | IndexSummary, started_at: datetime, digest: RiskDigest
    ) -> None:
        await self._status(
            event,
            state=TaskState.SUCCESS,
            progress=FINISHED,
            result=result,
            started_at=started_at,
            ended_at=self.now(),
            digest=digest,
        )

    async def _status(
        self,
        event: Task,
        *,
        state: TaskState,
        started_at: datetime | None,
        progress: Progress,
        result: RiskAssessment | IndexSummary | None = None,
        error: TaskError | None = None,
        due_at: datetime | None = None,
        ended_at: datetime | None = None,
        digest: RiskDigest = _NOTHING_SAID,
    ) -> None:
        status = TaskStatus(
            task_id=event.task_id,
            status=state,
            attempt=event.attempt,
            progress=progress,
            result=result,
            error=error,
            ticker=event.ticker,
            filing_year=event.filing_year,
            submitted_at=event.submitted_at,
            due_at=due_at,
            started_at=started_at,
            ended_at=ended_at,
            labels=dict(event.labels),
            redriven_from=event.redriven_from,
            batch_id=event.batch_id,
            callback_url=event.callback_url,
        )
        message = task_status(status, source=_SOURCE, time=self.now(), owner=event.owner, traceparent=event.traceparent)
        await self.events.publish(TASKS, event.task_id, message)
        if state.ended:
            # Behind the status: who reads that a batch has ended finds each of its tasks ended.
            await tell_outcome(self.events, status, digest, source=_SOURCE, time=self.now(), owner=event.owner)
            # Behind the status, so that who is told can read it.
            delivery = task_ended(status, event.owner)
            await announce(self.events, delivery, source=_SOURCE, time=self.now(), traceparent=event.traceparent)


async def _fitting(result: RiskAssessment, publish: Callable[[RiskAssessment], Awaitable[None]]) -> None:
    """Publish a result, with its factors' texts cut further and further while it is over its topic's limit."""
    candidates = itertools.chain([result], (result.with_texts_cut(length) for length in _CUT_TEXT_LENGTHS))
    for candidate in candidates:
        try:
            await publish(candidate)
            return
        except EventTooLarge:
            log.warning("the result of %s %s is over its topic's limit", result.ticker, result.filing_year)
    raise ResultTooLarge
