"""Waiting for a condition, never for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(look: Callable[[], T | None], *, within: float, what: str) -> T:
    """The first value of `look` that is true, within so many seconds; fails with `what` otherwise.

    It looks ever more rarely, a tenth of the wait too late: whoever asks a server fifty times a second takes
    processor time from what is waited for.
    """
    began = time.monotonic()
    while True:
        value = look()
        if value:
            return value
        waited = time.monotonic() - began
        assert waited < within, f"not within {within} s: {what}"
        time.sleep(min(max(0.02, waited / 10), 0.25))
