"""Signals that ask a command in the foreground to stop."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def stop_signals_interrupt() -> Iterator[None]:
    """SIGTERM and SIGHUP raise KeyboardInterrupt in the main thread, as Ctrl-C does.

    Once, so that a second one does not disturb the stopping. Ctrl-C goes on to raise: who presses it again
    has no patience for an orderly end. What is ignored (SIGHUP under `nohup`) stays so. Main thread only.
    """
    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGHUP)}
    handled = [each for each, handler in before.items() if handler is not signal.SIG_IGN]

    def interrupt(*_: object) -> None:
        for each in handled:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for each in handled:
        signal.signal(each, interrupt)
    try:
        yield
    finally:
        for each in handled:
            signal.signal(each, before[each])
