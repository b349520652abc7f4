"""What a run does, decided beforehand by a seed: which filings, which faults, when."""

import random
import uuid
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What can happen to the system."""

    KILL_WORKER = "kill a worker"
    STOP_WORKER = "stop a worker"
    ADD_WORKER = "add a worker"
    KILL_GATEWAY = "kill a gateway"
    STOP_GATEWAY = "stop a gateway"
    KILL_FORWARDER = "kill the forwarder"
    KILL_BROKER = "kill the broker"
    CUT_WORKERS = "cut the workers off from Kafka"
    CUT_GATEWAYS = "cut the gateways off from Kafka"
    SLOW_GATEWAYS = "slow the gateways' network"
    SILENCE_WORKERS = "swallow what workers and Kafka say"


_WEIGHTS = {
    Fault.KILL_WORKER: 5, Fault.STOP_WORKER: 3, Fault.ADD_WORKER: 1, Fault.KILL_GATEWAY: 3, Fault.STOP_GATEWAY: 1,
    Fault.KILL_FORWARDER: 2, Fault.KILL_BROKER: 2, Fault.CUT_WORKERS: 2, Fault.CUT_GATEWAYS: 2, Fault.SLOW_GATEWAYS: 1,
    Fault.SILENCE_WORKERS: 1,
}  # fmt: skip
_DURATIONS = {
    Fault.KILL_BROKER: (1.0, 4.0), Fault.CUT_WORKERS: (1.0, 8.0), Fault.CUT_GATEWAYS: (1.0, 6.0),
    Fault.SLOW_GATEWAYS: (3.0, 6.0), Fault.SILENCE_WORKERS: (2.0, 8.0),
}  # fmt: skip
_GAP = (2.0, 5.0)
_TICKERS = 40


@dataclass(frozen=True, slots=True)
class ScheduledFault:
    """One fault: when after the start it begins, and for how many seconds it lasts (0: it is a blow)."""

    at: float
    fault: Fault
    lasts: float


@dataclass(frozen=True, slots=True)
class PlannedFiling:
    """One filing: what the analysis does with it, and how it must end.

    Attributes:
        kind: the script of `tests.system.analyses.scripted`, or `real`.
        executions: how often it is begun where nothing happens to it.
    """

    ticker: str
    kind: str
    state: str = "SUCCESS"
    error: str | None = None
    executions: int = 1

    def content(self) -> str:
        """A document for one submission of it, unlike any other."""
        return f"{self.kind}-{uuid.uuid4().hex}"


def planned_filings(random_: random.Random, count: int) -> list[PlannedFiling]:
    """So many filings in a random order: mostly plain ones, and some with a fault of their own."""
    tickers = [f"CHAOS{number}" for number in range(_TICKERS)]

    def some(number: int, **of: object) -> list[PlannedFiling]:
        return [PlannedFiling(random_.choice(tickers), **of) for _ in range(number)]  # type: ignore[arg-type]

    odd = [
        *some(max(1, count // 60), kind="permanent", state="FAILURE", error="not_a_filing"),
        *some(max(1, count // 30), kind="second", executions=2),
        *some(1, kind="kill", state="FAILURE", error="poison_pill", executions=3),
    ]
    filings = [*odd, *some(count - len(odd), kind="doze")]
    random_.shuffle(filings)
    return filings


def scheduled_faults(random_: random.Random, seconds: float) -> list[ScheduledFault]:
    """Faults one after another, with seconds between them, over so long a time."""
    weights = dict(_WEIGHTS)
    schedule: list[ScheduledFault] = []
    at = random_.uniform(*_GAP)
    while at < seconds:
        [fault] = random_.choices([*weights], [*weights.values()])
        lasts = random_.uniform(*_DURATIONS[fault]) if fault in _DURATIONS else 0.0
        if fault is Fault.SILENCE_WORKERS:
            # The dead connections of a half-open link stay in Toxiproxy, and crash it at that link's next toxic.
            weights[fault] = 0
        schedule.append(ScheduledFault(at, fault, lasts))
        at += lasts + random_.uniform(*_GAP)
    return schedule
