"""The process that has imported the system's code, and forks once for each that is asked for.

Run as `python -m tests.system.preloaded.server FD`, FD being its end of a socket pair. A message on it is the order of
a process: its arguments and environment in JSON, with two descriptors, its log and a socket. On that it tells its pid,
and who waits for it, its keeper, its exit code.
"""

import gc
import importlib
import json
import os
import signal
import socket
import sys
import threading
from typing import Any

import ops.main
from streams.isolation.die_with_parent import die_with
from tests.system.preloaded import loop_watch

_PRELOADED = (
    "faust.assignor.partition_assignor", "faust.tables.sets", "faust.worker", "gateway.app", "ops.settings",
    "streams.assembly", "streams.followers", "streams.worker", "uvicorn.protocols.http.httptools_impl", "uvloop",
)  # fmt: skip
"""What gateways, workers and followers import by the time that they are ready; not what they load for the real
analysis: LanceDB starts a thread, which a fork leaves behind."""

MOST_BYTES = 128 * 1024
"""Of an order: the environment is most of it."""


def main() -> None:
    """Fork until there is nobody left to ask; in each forked process, run its command."""
    if become := _serve(socket.socket(fileno=int(sys.argv[1]))):
        sys.argv = ["sigmak", *become]
        if become[0] == "gateway":
            loop_watch.install()
        ops.main.main()


def _serve(orders: socket.socket) -> list[str] | None:
    for module in _PRELOADED:
        importlib.import_module(module)
    assert threading.active_count() == 1, "a fork would leave threads behind"
    # Keepers are not waited for.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    # What is here stays: a collection in each process would look through it, and copy its pages.
    gc.collect()
    gc.freeze()
    while True:
        order, descriptors, _, _ = socket.recv_fds(orders, MOST_BYTES, 2)
        if not order:
            return None
        if os.fork() == 0:
            orders.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            log, told = descriptors
            return _keep(json.loads(order), log, socket.socket(fileno=told))
        for descriptor in descriptors:
            os.close(descriptor)


def _keep(order: dict[str, Any], log: int, told: socket.socket) -> list[str]:
    """Return in the process that was ordered; its keeper waits for its end, tells it, and ends."""
    server, keeper = os.getppid(), os.getpid()
    pid = os.fork()
    if pid == 0:
        return _become(order, log, told, keeper)
    os.close(log)
    die_with(server)
    _, status = os.waitpid(pid, 0)
    told.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _become(order: dict[str, Any], log: int, told: socket.socket, keeper: int) -> list[str]:
    os.setsid()
    die_with(keeper)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(log)
    os.environ.clear()
    os.environ.update(order["environment"])
    # Only now: who was told of it may kill its session.
    told.send(str(os.getpid()).encode())
    told.close()
    arguments: list[str] = order["arguments"]
    return arguments


if __name__ == "__main__":
    main()
