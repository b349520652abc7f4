"""Starts actors again that a rebalance has cancelled."""

from typing import Any

from mode import OneForOneSupervisor
from mode.types import ServiceT


class ActorSupervisor(OneForOneSupervisor):
    """Faust's own supervisor of an agent's actors, with the limit that is meant: 100 restarts at once.

    Faust says 100 a second, which mode counts as one at once and the next 10 ms later. A rebalance cancels the actors
    of all partitions that move; where two of them waited for the processor, the second restart was one too many, and
    ended the worker.
    """

    def __init__(self, *services: ServiceT, max_restarts: float = 100.0, over: float = 1.0, **more: Any) -> None:
        super().__init__(*services, max_restarts=max_restarts, over=max_restarts, **more)
