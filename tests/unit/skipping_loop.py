"""An event loop that waits for no time: minutes of a client's silence are over at once."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run_skipping(main: Coroutine[Any, Any, T]) -> T:
    """Run it to its end; while all of it waits, the loop's clock goes on to what is due next."""
    with asyncio.Runner(loop_factory=_SkippingLoop) as runner:
        return runner.run(main)


class _SkippingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._clock = _Clock()
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.now


class _Clock(selectors.DefaultSelector):
    """What a loop asks to wait for it; it has no thread and no connection that could end the wait sooner."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "it waits for ever"
        self.now += max(0.0, timeout)
        return []
