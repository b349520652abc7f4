"""What a run does, decided beforehand by a seed: which filings, submitted how, and who is told of their ends."""

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

_TICKERS = 40
_HIGH = 0.2
"""The share of filings of high priority,"""
_TOLD = 0.4
"""and of those whose end is told to a callback URL."""
_ANSWERS = {"200": 5, "204": 1, "500/200": 2, "503/500/200": 1, "cut/200": 1}
_HANGING = "hang/200"
_IN_BATCHES = 0.5
_LARGEST_BATCH = 1 / 6
"""Of all filings: of 300 one of 50, whose status is not told with each member."""
_BATCH_SIZES = (2, 8)
_GIVEN_UP = 0.3
"""The share of batches whose first answer is not waited for,"""
_PATIENCE = (0.005, 0.15)
"""and for how many seconds it is: too short for most, and so at any step of a gateway's."""


@dataclass(frozen=True, slots=True)
class PlannedFiling:
    """One filing: what the analysis does with it, and how it must end.

    Attributes:
        kind: the script of `tests.system.analyses.scripted`, or `real`.
        executions: how often it is begun where nothing happens to it.
        answers: what its callback's receiver answers in turn (`tests.webhook_receiver`); None has no callback.
    """

    ticker: str
    kind: str
    state: str = "SUCCESS"
    error: str | None = None
    executions: int = 1
    priority: Literal["normal", "high"] = "normal"
    answers: str | None = None

    def content(self) -> str:
        """A document for one submission of it, unlike any other."""
        return f"{self.kind}-{uuid.uuid4().hex}"


@dataclass(frozen=True, slots=True)
class PlannedBatch:
    """Filings that are submitted together.

    Attributes:
        patience: seconds that the first try waits for its answer; None is as patient as the others.
    """

    filings: tuple[PlannedFiling, ...]
    patience: float | None = None


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
    filings = [_with_wishes(random_, filing) for filing in filings]
    # Early ones: who hangs is asked again after 20 s, and the run waits for it.
    for early in random_.sample(range(count // 2), count // 100):
        filings[early] = replace(filings[early], answers=_HANGING)
    return filings


def in_submissions(random_: random.Random, filings: Sequence[PlannedFiling]) -> list[PlannedFiling | PlannedBatch]:
    """The filings in their order, about half of them in batches: a large one and small ones."""
    sizes = [max(2, int(len(filings) * _LARGEST_BATCH))]
    while sum(sizes) < len(filings) * _IN_BATCHES:
        sizes.append(random_.randint(*_BATCH_SIZES))
    sizes += [1] * (len(filings) - sum(sizes))
    random_.shuffle(sizes)
    waiting = iter(filings)
    cut = [tuple(islice(waiting, size)) for size in sizes]
    return [PlannedBatch(some, _patience(random_)) if len(some) > 1 else some[0] for some in cut if some]


def _patience(random_: random.Random) -> float | None:
    return random_.uniform(*_PATIENCE) if random_.random() < _GIVEN_UP else None


def _with_wishes(random_: random.Random, filing: PlannedFiling) -> PlannedFiling:
    [answers] = random_.choices([*_ANSWERS], [*_ANSWERS.values()])
    return replace(
        filing,
        priority="high" if random_.random() < _HIGH else "normal",
        answers=answers if random_.random() < _TOLD else None,
    )
