"""Who uses the system during chaos: one that submits until each filing is accepted, and those that keep asking."""

import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from schemas.tasks import TaskStatus
from tests.system.chaos.callbacks import Callbacks
from tests.system.chaos.plan import PlannedBatch, PlannedFiling
from tests.system.parts import Gateway

_TRY_AGAIN_SECONDS = 0.3
_ACCEPTED_WITHIN = 90.0
_PATIENCE = 20.0
_ASK_AGAIN_SECONDS = 0.04
_LAST_TASKS, _LAST_BATCHES = 60, 10
_YEAR = 2024
_ANSWERS_OF_BATCHES = "500/200"


@dataclass(frozen=True, slots=True)
class AcceptedFiling:
    """A filing that was answered with 202, or a member of such a batch."""

    planned: PlannedFiling
    task_id: str
    content: str


@dataclass(frozen=True, slots=True)
class AcceptedBatch:
    """A batch that was answered with 202; its filings are in the order of the request."""

    batch_id: str
    filings: Sequence[AcceptedFiling]


@dataclass
class Submitter:
    """Submits filings, paced, to a random gateway, each until it is accepted.

    Attributes:
        document: what each filing has as its document; None has the scripted analysis do what the content says.
        accepted: all filings, those in batches included.
        has_batch: the gateway that is being sent a batch, and has not answered.
    """

    gateways: list[Gateway]
    random_: random.Random
    callbacks: Callbacks
    document: str | None = None
    accepted: list[AcceptedFiling] = field(default_factory=list)
    batches: list[AcceptedBatch] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    has_batch: Gateway | None = None

    def submit_all(self, submissions: Sequence[PlannedFiling | PlannedBatch], *, over: float) -> None:
        """Submit, spread over so many seconds; returns when all are accepted."""
        start = time.monotonic()
        for number, planned in enumerate(submissions):
            time.sleep(max(0.0, start + over * number / len(submissions) - time.monotonic()))
            if isinstance(planned, PlannedBatch):
                self._submit_batch(planned)
            else:
                self._submit_filing(planned)

    def to_be_called(self) -> list[str]:
        """The accepted tasks, and all batches, whose ends are told to a callback."""
        tasks = [filing.task_id for filing in self.accepted if filing.planned.answers is not None]
        return [*tasks, *(batch.batch_id for batch in self.batches)]

    def _submit_filing(self, planned: PlannedFiling) -> None:
        content = ""

        def send(gateway: Gateway) -> httpx.Response:
            nonlocal content
            # A submission whose outcome is unknown may be worked on: the next try is a filing of its own.
            content = planned.content()
            return gateway.ask("POST", "/analyze", json=self._body(planned, content))

        answer = self._until_accepted(send)
        self.accepted.append(AcceptedFiling(planned, str(answer["task_id"]), content))

    def _submit_batch(self, batch: PlannedBatch) -> None:
        contents = [planned.content() for planned in batch.filings]
        body = {
            "filings": [self._body(*each) for each in zip(batch.filings, contents, strict=True)],
            "callback_url": self.callbacks.url(f"batch-{contents[0]}", _ANSWERS_OF_BATCHES),
        }
        # The same batch however often it is sent: what an earlier try left undone is completed by the next.
        key = {"Idempotency-Key": uuid.uuid4().hex}
        patience = iter([batch.patience or _PATIENCE])

        def send(gateway: Gateway) -> httpx.Response:
            self.has_batch = gateway
            try:
                return gateway.ask("POST", "/batches", json=body, headers=key, timeout=next(patience, _PATIENCE))
            finally:
                self.has_batch = None

        answer = self._until_accepted(send)
        filings = [AcceptedFiling(*each) for each in zip(batch.filings, answer["task_ids"], contents, strict=True)]
        self.accepted += filings
        self.batches.append(AcceptedBatch(str(answer["batch_id"]), filings))

    def _until_accepted(self, send: Callable[[Gateway], httpx.Response]) -> Any:
        deadline = time.monotonic() + _ACCEPTED_WITHIN
        while time.monotonic() < deadline:
            try:
                answer = send(self.random_.choice(self.gateways))
            except httpx.HTTPError as error:
                self.answers[type(error).__name__] += 1
            else:
                self.answers[str(answer.status_code)] += 1
                if answer.status_code == 202:
                    return answer.json()
                assert answer.status_code == 503, answer.text
            time.sleep(_TRY_AGAIN_SECONDS)
        raise TimeoutError(f"no gateway accepted a submission within {_ACCEPTED_WITHIN:g} s")

    def _body(self, planned: PlannedFiling, content: str) -> dict[str, Any]:
        body = {
            "ticker": planned.ticker,
            "filing_year": _YEAR,
            "html_content": content if self.document is None else f"{self.document}<!-- {content} -->",
            "priority": planned.priority,
        }
        if planned.answers is not None:
            body["callback_url"] = self.callbacks.url(content, planned.answers)
        return body


@dataclass
class Reader:
    """Keeps asking one gateway for all tasks and batches, and notes each step back."""

    gateway: Gateway
    submitter: Submitter
    backward: list[str] = field(default_factory=list)
    reads: int = 0
    _seen: dict[str, tuple[int, ...]] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)

    def keep_asking(self) -> None:
        """Ask for one after another until it is told to stop."""
        while not self._stop.wait(_ASK_AGAIN_SECONDS):
            for filing in list(self.submitter.accepted)[-_LAST_TASKS:]:
                self._ask(f"/tasks/{filing.task_id}", _order_of_task)
            for batch in list(self.submitter.batches)[-_LAST_BATCHES:]:
                self._ask(f"/batches/{batch.batch_id}", _order_of_batch)

    def stop(self) -> None:
        """Stop asking."""
        self._stop.set()

    def _ask(self, path: str, order_of: Callable[[httpx.Response], tuple[int, ...]]) -> None:
        if self._stop.wait(_ASK_AGAIN_SECONDS):
            return
        try:
            answer = self.gateway.ask("GET", path)
        except httpx.HTTPError:
            return
        if answer.status_code == 503:
            return
        self.reads += 1
        seen = self._seen.get(path)
        if answer.status_code != 200:
            self.backward.append(f"{path}: {answer.status_code} after {seen}")
            return
        order = order_of(answer)
        if seen is not None and order < seen:
            self.backward.append(f"{path}: {order} after {seen}")
        self._seen[path] = order


def _order_of_task(answer: httpx.Response) -> tuple[int, ...]:
    return TaskStatus.model_validate_json(answer.content).order


def _order_of_batch(answer: httpx.Response) -> tuple[int, ...]:
    status = answer.json()
    return int(status["status"] == "ENDED"), int(status["progress"]["current"])
