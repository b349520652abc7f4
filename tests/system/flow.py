"""A stream of filings that goes on while tests break things, and what must be true of it afterwards."""

import functools
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Self

import httpx

from ops.local.toxiproxy import Link
from schemas.topics import RISKS
from tests.system.parts import Gateway, header, records
from tests.waiting import eventually

RECOVERED_WITHIN = 60
"""Twice the promised 30 s."""
FAULTS = ("cut", "slow", "half_open")
_PAUSE = 0.1
_TICKERS = 20
_ENDS = ("SUCCESS", "FAILURE", "CANCELLED")


@dataclass
class Flow:
    """Submits filings, one after another and ten a second at most, for as long as its `with` block lasts."""

    gateway: Gateway
    body: dict[str, Any] = field(default_factory=dict)
    """Of every filing; without `html_content` each has its own, for an analysis that notes its executions."""
    pause: float = _PAUSE
    accepted: list[tuple[str, float]] = field(default_factory=list)
    """Task id, and when it was sent; by `time.monotonic`."""
    contents: list[str] = field(default_factory=list)
    perhaps: set[str] = field(default_factory=set)
    """Task ids of filings that may or may not have been accepted: the answer was 503, and named them."""
    refused: list[float] = field(default_factory=list)
    """When each filing was sent that was answered with 503."""

    def __post_init__(self) -> None:
        self._end = threading.Event()
        self._submitter = ThreadPoolExecutor(max_workers=1)

    def __enter__(self) -> Self:
        self._submitting = self._submitter.submit(self._submit)
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._submitter.shutdown()
        self._submitting.result()

    def accepted_since(self, moment: float) -> str | None:
        """The first task that was sent after this moment and accepted."""
        return next((task for task, sent in list(self.accepted) if sent >= moment), None)

    def _submit(self) -> None:
        number = 0
        while not self._end.wait(self.pause):
            number += 1
            self._send(f"FLOW{number % _TICKERS}")

    def _send(self, ticker: str) -> None:
        content = f"nap-{uuid.uuid4().hex}"
        self.contents.append(content)
        sent = time.monotonic()
        answer = self.gateway.post(**{"ticker": ticker, "html_content": content, **self.body})
        if answer.status_code == httpx.codes.ACCEPTED:
            self.accepted.append((answer.json()["task_id"], sent))
        else:
            assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE, answer.text
            self.refused.append(sent)
            self.perhaps |= {answer.json()["task_id"]} if "task_id" in answer.json() else set()


def end_of(gateway: Gateway, task: str) -> str | None:
    """How a task ended; None while it has not, or while the gateway, which must know it, can't tell."""
    answer = gateway.ask("GET", f"/tasks/{task}")
    if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        return None
    assert answer.status_code == httpx.codes.OK, answer.text
    status = answer.json()["status"]
    return str(status) if status in _ENDS else None


def flows(flow: Flow, gateway: Gateway) -> None:
    """A filing has gone all the way, so each connection that one needs is open."""
    first = eventually(lambda: flow.accepted, within=30, what="a filing is accepted")[0][0]
    assert eventually(lambda: end_of(gateway, first), within=60, what="a filing ends") == "SUCCESS"


def all_succeed(flow: Flow, gateway: Gateway, *, within: float) -> None:
    """Each accepted filing ends, in SUCCESS."""
    deadline = time.monotonic() + within
    for task, _ in flow.accepted:
        look = functools.partial(end_of, gateway, task)
        assert eventually(look, within=deadline - time.monotonic(), what=f"the end of task {task}") == "SUCCESS"


def assessed_tasks(kafka: str) -> set[str]:
    """The tasks that have an assessment. Of several with one `ce_id` a reader keeps the newest: they are one."""
    return {header(message, "ce_id") or "" for message in records(kafka, RISKS)}


def breaking(fault: str, *, latency: float) -> Callable[[Link], None]:
    """What does one of `FAULTS` to a link; `latency` is the slow one's, in seconds."""
    slow = functools.partial(Link.slow, latency=latency, bandwidth=50)
    return {"cut": Link.cut, "slow": slow, "half_open": Link.half_open}[fault]


def recovers(gateway: Gateway, flow: Flow, *, healed: float) -> None:
    """Soon after this moment the gateway is ready, a filing is accepted, and one that came after it ends."""

    def left() -> float:
        return healed + RECOVERED_WITHIN - time.monotonic()

    eventually(gateway.ready, within=left(), what="the gateway is ready")
    task = eventually(lambda: flow.accepted_since(healed), within=left(), what="a filing is accepted")
    assert eventually(lambda: end_of(gateway, task), within=left(), what="a filing that came after ends") == "SUCCESS"
