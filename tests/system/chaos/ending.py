"""Waits for the end of a run: of each filing, of each batch, and until who asked was told."""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.system.chaos.clients import Submitter
from tests.system.parts import Gateway
from tests.waiting import eventually

_ALL_ENDED_WITHIN = 150.0


@dataclass(frozen=True, slots=True)
class ToldAtTheEnd:
    """What each gateway tells of each task and of each batch.

    Attributes:
        tasks: task -> its state by each gateway; None where it has not ended in time.
        batches: batch -> its status by each gateway; empty where it has not ended in time.
    """

    tasks: Mapping[str, Sequence[str | None]]
    batches: Mapping[str, Sequence[Mapping[str, Any]]]


def wait_for_ends(gateways: Sequence[Gateway], submitter: Submitter) -> ToldAtTheEnd:
    """Wait until all has ended and was told, or the time for that is up."""
    deadline = time.monotonic() + _ALL_ENDED_WITHIN
    tasks: dict[str, list[str | None]] = defaultdict(list)
    batches: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for gateway in gateways:
        for filing in submitter.accepted:
            try:
                tasks[filing.task_id].append(
                    gateway.ended(filing.task_id, within=deadline - time.monotonic())["status"]
                )
            except AssertionError:
                tasks[filing.task_id].append(None)
        for batch in submitter.batches:
            batches[batch.batch_id].append(_ended_batch(gateway, batch.batch_id, deadline))
    asked = set(submitter.to_be_called())
    while not asked <= submitter.callbacks.taken() and time.monotonic() < deadline:
        time.sleep(0.1)
    return ToldAtTheEnd(tasks, batches)


def _ended_batch(gateway: Gateway, batch_id: str, deadline: float) -> Mapping[str, Any]:
    def look() -> dict[str, Any] | None:
        status = dict(gateway.ask("GET", f"/batches/{batch_id}").json())
        return status if status.get("status") == "ENDED" else None

    try:
        return eventually(look, within=deadline - time.monotonic(), what=f"the end of batch {batch_id}")
    except AssertionError:
        return {}
