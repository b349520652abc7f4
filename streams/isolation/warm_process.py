"""A process that has the analysis's code in memory, and forks analysis processes from it.

The worker can't fork them itself: a fork leaves its threads (librdkafka's, the executor's) behind in any state. So
this process is forked once, before the worker starts its first thread, and does nothing else.

An order on its socket carries the child's end of a connection. It answers with the child's pid, waits for the child's
end, and answers with its exit code. A worker has one analysis process at a time.
"""

import gc
import logging
import os
import signal
import socket
import traceback
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection

from streams.faults import WorkerBroken
from streams.isolation.die_with_parent import die_with

log = logging.getLogger(__name__)

_ANSWER_SECONDS = 30.0
"""Longest wait for an answer. A fork takes milliseconds, and so does a killed child's end, unless the machine hangs."""
_MOST_BYTES = 16


class WarmProcess:
    """The worker's side. Used by one thread at a time."""

    def __init__(self, preload: Callable[[], None], run_child: Callable[[Connection], None]) -> None:
        """Fork it; to be called before the worker starts a thread.

        Args:
            preload: imports what the analysis needs and what survives a fork.
            run_child: what a child does; the child ends when this returns.
        """
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        worker = os.getpid()
        if os.fork() == 0:
            self._orders.close()
            _in_fork(lambda: _serve(theirs, worker, preload, run_child))
        theirs.close()

    def fork(self) -> tuple[int, Connection]:
        """Fork a child; returns its pid and the worker's end of the connection to it.

        The child before has ended, and `exit_code` has returned how.

        Raises:
            WorkerBroken: the warm process has died.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with theirs:
                socket.send_fds(self._orders, [b"fork"], [theirs.fileno()])
        except OSError as error:
            raise WorkerBroken("the process that forks analysis processes has died") from error
        pid = self._answer(_ANSWER_SECONDS)
        if pid is None:
            raise WorkerBroken("the process that forks analysis processes does not answer")
        return pid, Connection(ours.detach())

    def exit_code(self, *, within: float = _ANSWER_SECONDS) -> int | None:
        """The child's exit code, negative for the signal that ended it; None if it has not ended within the seconds.

        To be asked for until it is there, and not again.

        Raises:
            WorkerBroken: the warm process has died.
        """
        return self._answer(within)

    def close(self) -> None:
        """Have it end once its child has ended."""
        self._orders.close()

    def _answer(self, within: float) -> int | None:
        self._orders.settimeout(within)
        try:
            answer = self._orders.recv(_MOST_BYTES)
        except (TimeoutError, BlockingIOError):
            return None
        if not answer:
            raise WorkerBroken("the process that forks analysis processes has died")
        return int(answer)


def _serve(
    orders: socket.socket, worker: int, preload: Callable[[], None], run_child: Callable[[Connection], None]
) -> None:
    die_with(worker)
    # Ctrl-C and a supervisor's SIGTERM reach the whole group: the worker drains, and this process ends with it.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    preload()
    # What is in memory stays: a collection in each child would look through it, and copy its pages.
    gc.collect()
    gc.freeze()
    warm = os.getpid()
    while True:
        order, descriptors, _, _ = socket.recv_fds(orders, _MOST_BYTES, 1)
        if not order:
            return
        connection = Connection(descriptors[0])
        pid = os.fork()
        if pid == 0:
            orders.close()
            _in_fork(partial(_run, run_child, connection, warm))
        connection.close()
        orders.send(str(pid).encode())
        _, status = os.waitpid(pid, 0)
        orders.send(str(os.waitstatus_to_exitcode(status)).encode())


def _run(run_child: Callable[[Connection], None], connection: Connection, warm: int) -> None:
    die_with(warm)
    run_child(connection)


def _in_fork(main: Callable[[], None]) -> None:
    """Do this in a forked process, and end it: it must not return into the code that it was forked from."""
    code = 1
    try:
        main()
        code = 0
    except (EOFError, ConnectionError):
        code = 0  # the worker has ended
    except BaseException as error:  # noqa: BLE001 - without its text, which may quote a document
        frames = "".join(traceback.format_tb(error.__traceback__))
        log.critical("an analysis process ends: %s\n%s", type(error).__name__, frames)
    finally:
        logging.shutdown()
        os._exit(code)
