"""Measuring what is compared, so that what else the machine does meets all sides alike."""

import statistics
from collections.abc import Callable, Mapping


def in_turn(sides: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of each side over so many rounds, in each of which every side has its turn."""
    measured: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, measure in sides.items():
            measured[name].append(measure())
    return {name: statistics.median(values) for name, values in measured.items()}
