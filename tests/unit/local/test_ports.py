"""Free ports."""

import socket

import pytest

from ops.local import ports
from ops.local.ports import LOOPBACK, accepts_connections, free_ports


def test_ports_are_different_and_can_be_bound() -> None:
    found = free_ports(5)
    assert len(set(found)) == 5
    for port in found:
        with socket.socket() as listener:
            listener.bind((LOOPBACK, port))


def test_a_port_in_use_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    taken, free = free_ports(2)
    with socket.create_server((LOOPBACK, taken)):
        monkeypatch.setattr(ports, "_CANDIDATES", range(min(taken, free), max(taken, free) + 1))
        for _ in range(3):
            assert taken not in free_ports(1)


def test_no_free_port_is_an_error_that_names_the_range(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_CANDIDATES", range(20_000, 20_001))
    with pytest.raises(OSError, match="between 20000 and 20001"):
        free_ports(2)


def test_a_connection_tells_whether_something_listens() -> None:
    port = free_ports(1)[0]
    assert not accepts_connections(port)
    with socket.create_server((LOOPBACK, port)):
        assert accepts_connections(port)
