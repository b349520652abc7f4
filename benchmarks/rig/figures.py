"""Figures with their aims, as JSON."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.rig.machine import machine


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; with an aim, at most or at least so much."""

    name: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def aim(self) -> str:
        """The aim for a person; empty where there is none."""
        if self.at_most is not None:
            return f"at most {self.at_most:g} {self.unit}"
        return "" if self.at_least is None else f"at least {self.at_least:g} {self.unit}"

    @property
    def met(self) -> bool | None:
        """Whether the aim is met; None where there is none."""
        if self.at_most is not None:
            return self.value <= self.at_most
        return None if self.at_least is None else self.value >= self.at_least

    def as_json(self) -> dict[str, Any]:
        """The figure as the scripts print it."""
        row: dict[str, Any] = {"name": self.name, "value": _short(self.value), "unit": self.unit}
        return row | ({"aim": self.aim, "met": self.met} if self.aim else {})


def print_figures(script: str, figures: Sequence[Figure], **conditions: object) -> None:
    """Print one JSON document: the machine, what was measured under which conditions, the figures."""
    document = {
        "script": script,
        "machine": machine(),
        "conditions": conditions,
        "figures": [figure.as_json() for figure in figures],
    }
    print(json.dumps(document, indent=1))


def _short(value: float) -> float:
    """Three significant digits; with fewer, what just misses its aim would look as if it were met."""
    if abs(value) >= 1000:
        return round(value)
    return round(value, 1) if abs(value) >= 10 else float(f"{value:.3g}")
