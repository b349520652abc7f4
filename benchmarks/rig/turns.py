"""Measuring what is compared, so that what else the machine does meets all sides alike."""

import statistics
from collections.abc import Callable, Mapping, Sequence

from benchmarks.rig.processes import processor_seconds


class Metered:
    """A measurement, and the processor time that the processes behind it take meanwhile."""

    def __init__(self, measure: Callable[[], float], pids: Sequence[int]) -> None:
        self._measure, self._pids = measure, pids
        self._seconds: list[float] = []

    @property
    def processor_seconds(self) -> float:
        """Of one measurement: the median."""
        return statistics.median(self._seconds)

    def __call__(self) -> float:
        """Measure once."""
        before = sum(map(processor_seconds, self._pids))
        measured = self._measure()
        self._seconds.append(sum(map(processor_seconds, self._pids)) - before)
        return measured


def in_turn(sides: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of each side over so many rounds, in each of which every side has its turn."""
    measured: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, measure in sides.items():
            measured[name].append(measure())
    return {name: statistics.median(values) for name, values in measured.items()}
