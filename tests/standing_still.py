"""Processes that stand still: their connections stay, and nothing answers on them."""

import os
import signal


def stand_still(pid: int) -> None:
    """Stop a child process of ours, and return once all of its threads stand still.

    The signal alone is only a wish: on a busy machine a broker acknowledged for 0.4 s after it.
    """
    os.kill(pid, signal.SIGSTOP)
    _, status = os.waitpid(pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status), f"the process {pid} ended"


def go_on(pid: int) -> None:
    """Let it go on; one that was not stopped does not notice."""
    os.kill(pid, signal.SIGCONT)
