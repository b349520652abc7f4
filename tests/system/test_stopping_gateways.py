"""A gateway starts in any locale and stops in time, also while Kafka is dead."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from ops.local.kafka import LocalKafka
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
