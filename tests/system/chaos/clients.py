"""Who uses the system during chaos: one that submits until each filing is accepted, and those that keep asking."""

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import httpx

from schemas.tasks import StatusOrder, TaskStatus
from tests.system.chaos.plan import PlannedFiling
from tests.system.parts import Gateway

_TRY_AGAIN_SECONDS = 0.3
_ACCEPTED_WITHIN = 90.0


@dataclass(frozen=True, slots=True)
class AcceptedFiling:
    """A filing that was answered with 202."""

    planned: PlannedFiling
    task_id: str
    content: str


@dataclass
class Submitter:
    """Submits filings, paced, to a random gateway, each until it is accepted."""

    gateways: list[Gateway]
    random_: random.Random
    accepted: list[AcceptedFiling] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)

    def submit_all(self, filings: list[PlannedFiling], *, over: float, document: str | None = None) -> None:
        """Submit, spread over so many seconds; returns when all are accepted."""
        start = time.monotonic()
        for number, planned in enumerate(filings):
            time.sleep(max(0.0, start + over * number / len(filings) - time.monotonic()))
            self._submit(planned, document)

    def _submit(self, planned: PlannedFiling, document: str | None) -> None:
        deadline = time.monotonic() + _ACCEPTED_WITHIN
        while time.monotonic() < deadline:
            # A submission whose outcome is unknown may be worked on: the next try is a filing of its own.
            content = planned.content() if document is None else f"{document}<!-- {planned.content()} -->"
            gateway = self.random_.choice(self.gateways)
            try:
                answer = gateway.post(ticker=planned.ticker, html_content=content)
            except httpx.HTTPError as error:
                self.answers[type(error).__name__] += 1
            else:
                self.answers[str(answer.status_code)] += 1
                if answer.status_code == 202:
                    self.accepted.append(AcceptedFiling(planned, str(answer.json()["task_id"]), content))
                    return
                assert answer.status_code == 503, answer.text
            time.sleep(_TRY_AGAIN_SECONDS)
        raise TimeoutError(f"no gateway accepted a filing within {_ACCEPTED_WITHIN:g} s")


@dataclass
class Reader:
    """Keeps asking one gateway for all tasks, and notes each step back."""

    gateway: Gateway
    submitter: Submitter
    backward: list[str] = field(default_factory=list)
    reads: int = 0
    _seen: dict[str, StatusOrder] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)

    def keep_asking(self) -> None:
        """Ask for one task after another until it is told to stop."""
        while not self._stop.wait(0.02):
            for filing in list(self.submitter.accepted)[-60:]:
                self._ask(filing.task_id)

    def stop(self) -> None:
        """Stop asking."""
        self._stop.set()

    def _ask(self, task_id: str) -> None:
        try:
            answer = self.gateway.ask("GET", f"/tasks/{task_id}")
        except httpx.HTTPError:
            return
        if answer.status_code == 503:
            return
        self.reads += 1
        seen = self._seen.get(task_id)
        if answer.status_code != 200:
            self.backward.append(f"{task_id}: {answer.status_code} after {seen}")
            return
        order = TaskStatus.model_validate_json(answer.content).order
        if seen is not None and order < seen:
            self.backward.append(f"{task_id}: {order} after {seen}")
        self._seen[task_id] = order
