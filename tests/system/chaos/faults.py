"""What befalls the system and when, decided beforehand by a seed."""

import random
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What can happen to the system."""

    KILL_WORKER = "kill a worker"
    STOP_WORKER = "stop a worker"
    ADD_WORKER = "add a worker"
    KILL_GATEWAY = "kill a gateway that takes a batch"
    STOP_GATEWAY = "stop a gateway"
    KILL_FORWARDER = "kill the forwarder"
    STOP_FORWARDER = "stop the forwarder"
    KILL_SENDER = "kill the sender of webhooks"
    STOP_SENDER = "stop the sender of webhooks"
    KILL_BROKER = "kill the broker"
    CUT_WORKERS = "cut workers and followers off from Kafka"
    CUT_GATEWAYS = "cut the gateways off from Kafka"
    SLOW_GATEWAYS = "slow the gateways' network"
    SILENCE_WORKERS = "swallow what workers, followers and Kafka say"


_WEIGHTS = {
    Fault.KILL_WORKER: 5, Fault.STOP_WORKER: 3, Fault.ADD_WORKER: 1, Fault.KILL_GATEWAY: 3, Fault.STOP_GATEWAY: 1,
    Fault.KILL_FORWARDER: 2, Fault.STOP_FORWARDER: 1, Fault.KILL_SENDER: 3, Fault.STOP_SENDER: 1, Fault.KILL_BROKER: 2,
    Fault.CUT_WORKERS: 2, Fault.CUT_GATEWAYS: 2, Fault.SLOW_GATEWAYS: 1, Fault.SILENCE_WORKERS: 1,
}  # fmt: skip
_DURATIONS = {
    Fault.KILL_BROKER: (1.0, 4.0), Fault.CUT_WORKERS: (1.0, 8.0), Fault.CUT_GATEWAYS: (1.0, 6.0),
    Fault.SLOW_GATEWAYS: (3.0, 6.0), Fault.SILENCE_WORKERS: (2.0, 8.0),
}  # fmt: skip
_GAP = (2.0, 5.0)


@dataclass(frozen=True, slots=True)
class ScheduledFault:
    """One fault: how many seconds after the end of the one before it begins, and how many it lasts (0: it is a blow)."""

    after: float
    fault: Fault
    lasts: float


def scheduled_faults(random_: random.Random, seconds: float) -> list[ScheduledFault]:
    """Faults one after another, with seconds between them, over so long a time."""
    weights = dict(_WEIGHTS)
    schedule: list[ScheduledFault] = []
    after = random_.uniform(*_GAP)
    planned_for = after
    while planned_for < seconds:
        [fault] = random_.choices([*weights], [*weights.values()])
        lasts = random_.uniform(*_DURATIONS[fault]) if fault in _DURATIONS else 0.0
        if fault is Fault.SILENCE_WORKERS:
            # The dead connections of a half-open link stay in Toxiproxy, and crash it at that link's next toxic.
            weights[fault] = 0
        schedule.append(ScheduledFault(after, fault, lasts))
        after = random_.uniform(*_GAP)
        planned_for += lasts + after
    return schedule
