"""A gateway starts in any locale, answers while it is flooded, and stops in time, also while Kafka is dead."""

import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from ops.local.kafka import LocalKafka
from ops.local.ports import free_ports
from tests.system.parts import System
from tests.waiting import eventually

_STOPS_WITHIN = 10.0


@pytest.mark.alone
def test_sigterm_ends_a_gateway_in_time_though_kafka_is_dead_and_requests_wait_for_it(
    own_kafka: LocalKafka, system: System
) -> None:
    system.kafka = own_kafka.bootstrap_servers
    gateway = system.gateway(publish_timeout=60)
    task_id = gateway.submit()
    own_kafka.kill()
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(gateway.post), pool.submit(gateway.ask, "GET", f"/tasks/{task_id}?wait=60", timeout=70)]
        eventually(lambda: not gateway.ready(), within=10, what="/ready says that Kafka is away")
        began = time.monotonic()
        os.kill(gateway.process.pid, signal.SIGTERM)
        eventually(lambda: not gateway.process.running, within=2 * _STOPS_WITHIN, what="the gateway's end")
        assert time.monotonic() - began < _STOPS_WITHIN
        for each in waiting:
            assert each.exception() is None or isinstance(each.exception(), httpx.TransportError)


def test_a_gateway_starts_in_a_locale_without_utf_8(system: System) -> None:
    system.launch = None  # a preloaded process has the locale of the tests
    system.inside = ["env", "LANG=C", "LC_ALL=C", "PYTHONUTF8=0", "PYTHONCOERCECLOCALE=0"]
    gateway = system.gateway()
    assert gateway.status(gateway.submit(html_content="<p>café</p>"))["status"] == "PENDING"


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_a_gateway_at_once(system: System, second: signal.Signals) -> None:
    gateway = system.gateway()
    task_id = gateway.submit()
    host, port = gateway.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        head = f"POST /analyze HTTP/1.1\r\nHost: x\r\nX-API-Key: {gateway.key}\r\nContent-Type: application/json\r\n"
        connection.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode())
        assert gateway.status(task_id)["status"] == "PENDING"
        os.kill(gateway.process.pid, signal.SIGTERM)
        # Two signals of one kind at once are one; the first is handled when nobody listens any more.
        eventually(lambda: not gateway.ready(), within=10, what="the stop has begun")
        os.kill(gateway.process.pid, second)
        eventually(lambda: not gateway.process.running, within=3, what="the gateway's end")


def test_silent_connections_lock_out_neither_requests_nor_probes(system: System) -> None:
    probe = free_ports(1)[0]
    system.inside = ["prlimit", "--nofile=1024:1024"]
    gateway = system.gateway(gateway_probe_port=probe)
    host, port = gateway.url.removeprefix("http://").split(":")
    silent = [socket.create_connection((host, int(port)), timeout=10) for _ in range(900)]
    try:
        assert gateway.ready()
        assert gateway.post().status_code == 202
        for path in ("/live", "/ready", "/health", "/metrics"):
            assert httpx.get(f"http://127.0.0.1:{probe}{path}", timeout=10).status_code == 200
        assert httpx.get(f"http://127.0.0.1:{probe}/tasks", timeout=10).status_code == 404
    finally:
        for each in silent:
            each.close()
