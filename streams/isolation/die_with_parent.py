"""Runs a command that the kernel kills when its parent dies, however the parent dies.

`python die_with_parent.py PARENT_PID COMMAND ...` becomes COMMAND by exec, so its pid is the command's. It is
run by path in an isolated interpreter, and imports as little as it can: it costs 10 ms a process.

On Linux only. Elsewhere there is no such request to the kernel, and the command lives until it is stopped.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_NOT_RUN = 127


def main() -> None:
    """Ask to be killed with the parent, then become the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    die_with(parent)
    try:
        os.execvp(command[0], command)  # noqa: S606 - to become the command, without a shell, is what this is for
    except OSError as error:
        sys.stderr.write(f"cannot run {command[0]}: {error.strerror}\n")
        sys.exit(_NOT_RUN)


def die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent dies, which was `parent` when it was asked for.

    Raises:
        SystemExit: where that is impossible, or the parent has died already.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
            sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    # A parent that died before the request was made sends no signal any more.
    if os.getppid() != parent:
        sys.exit("the parent has died")


if __name__ == "__main__":
    main()
