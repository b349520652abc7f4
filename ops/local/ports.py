"""Free ports for local servers."""

import contextlib
import random
import socket

LOOPBACK = "127.0.0.1"

# Below those that systems give to outgoing connections (Linux: from 32768): one of them could take the port
# of a server that a test has killed and is about to start again.
_CANDIDATES = range(15_000, 32_000)


def free_ports(count: int) -> list[int]:
    """Different ports of 127.0.0.1 that nothing listens on now.

    Another process may take one before its server does: who starts a server must be ready to try again.

    Raises:
        OSError: if the candidates are used up.
    """
    found: list[int] = []
    for port in random.sample(_CANDIDATES, len(_CANDIDATES)):
        if len(found) == count:
            return found
        if _can_be_bound(port):
            found.append(port)
    raise OSError(f"no {count} ports are free between {_CANDIDATES.start} and {_CANDIDATES.stop}")


def accepts_connections(port: int) -> bool:
    """Whether something listens on this port of 127.0.0.1."""
    with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=1):
        return True
    return False


def _can_be_bound(port: int) -> bool:
    with socket.socket() as listener:
        # As servers do, or a port with connections that are only just closed would look taken.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
