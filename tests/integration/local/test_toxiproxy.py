"""Faults on the wire by the real Toxiproxy, between a client and a server that echoes."""

import contextlib
import socket
import sys
import time
from collections.abc import Iterator
from threading import Thread

import pytest

from ops.local.toxiproxy import Link, Toxiproxy
from tests.conftest import without_its_programs_skipped
from tests.integration.local.test_local_kafka import listening_addresses


@pytest.fixture(scope="module")
def toxiproxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toxiproxy]:
    server = Toxiproxy(tmp_path_factory.mktemp("toxiproxy"))
    with without_its_programs_skipped():
        server.start()
    yield server
    server.stop()


@pytest.fixture
def link(toxiproxy: Toxiproxy, request: pytest.FixtureRequest) -> Iterator[Link]:
    """A link to a server of its own that sends back what it gets."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        Thread(target=_accept, args=[server], daemon=True).start()
        made = toxiproxy.link(request.node.name)
        made.lead_to([f"127.0.0.1:{server.getsockname()[1]}"])
        yield made
        server.shutdown(socket.SHUT_RDWR)


def connect(link: Link) -> socket.socket:
    return socket.create_connection(("127.0.0.1", link.ports[0]), timeout=5)


def echo(connection: socket.socket, data: bytes = b"hello", *, within: float = 5.0) -> bytes:
    """What comes back of `data`; raises TimeoutError where nothing does, and gives b"" where it is closed."""
    connection.settimeout(within)
    connection.sendall(data)
    return connection.recv(len(data))


def test_a_link_passes_data_on(link: Link) -> None:
    with connect(link) as client:
        assert echo(client) == b"hello"


def test_a_cut_link_closes_its_connections_and_refuses_new_ones_until_it_is_healed(link: Link) -> None:
    with connect(link) as client:
        echo(client)
        link.cut()
        assert client.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        connect(link)
    link.heal()
    with connect(link) as client:
        assert echo(client) == b"hello"


def test_a_slow_link_delays_and_its_connections_outlive_it(link: Link) -> None:
    with connect(link) as client:
        echo(client)
        link.slow(latency=2, bandwidth=1000)
        began = time.monotonic()
        assert echo(client) == b"hello"
        assert time.monotonic() - began >= 2
        link.heal()
        assert echo(client, within=1.5) == b"hello"


def test_a_narrow_link_takes_its_time_for_much(link: Link) -> None:
    link.slow(latency=0, bandwidth=10)
    with connect(link) as client:
        began = time.monotonic()
        client.sendall(bytes(10_000))
        received = 0
        while received < 10_000:
            received += len(client.recv(10_000))
        assert time.monotonic() - began >= 1


def test_a_half_open_link_accepts_and_swallows(link: Link) -> None:
    link.half_open()
    with connect(link) as client, pytest.raises(TimeoutError):
        echo(client, within=0.3)


def test_what_was_open_on_a_half_open_link_stays_dead_untold_after_it_was_healed(link: Link) -> None:
    with connect(link) as before:
        echo(before)
        link.half_open()
        with connect(link) as meanwhile:
            link.heal()
            for dead in (before, meanwhile):
                with pytest.raises(TimeoutError):
                    echo(dead, within=0.3)
            with connect(link) as after:
                assert echo(after) == b"hello"


def test_an_end_is_passed_on_after_a_half_open_link_was_healed(link: Link) -> None:
    link.half_open()
    link.heal()
    with connect(link) as client:
        echo(client)
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""


def test_a_link_can_be_broken_again(link: Link) -> None:
    for _ in range(2):
        for fault in (link.cut, link.half_open):
            fault()
            link.heal()
            with connect(link) as client:
                assert echo(client) == b"hello"


def test_the_links_to_one_server_break_one_at_a_time(toxiproxy: Toxiproxy, link: Link) -> None:
    other = toxiproxy.link("another")
    other.cut()
    with connect(link) as client:
        assert echo(client) == b"hello"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_listens_on_the_loopback_address_only(toxiproxy: Toxiproxy, link: Link) -> None:
    assert listening_addresses(toxiproxy.processes[0].pid) == {"0100007F"}


def _accept(server: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            Thread(target=_send_back, args=[server.accept()[0]], daemon=True).start()


def _send_back(connection: socket.socket) -> None:
    with contextlib.suppress(OSError), connection:
        while data := connection.recv(65536):
            connection.sendall(data)
