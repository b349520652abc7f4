"""No more can be written under a gateway's status table.

A limit on the size of the gateway's files stands for a full disk: any user can set it, on any file system.
"""

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.system.parts import Gateway, System
from tests.waiting import eventually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits another process, as Linux can")

_RECOVERED_WITHIN = 60


@contextmanager
def full_disk(gateway: Gateway) -> Iterator[None]:
    """For the time of the block the gateway's files do not grow, and after its next write it is not ready."""
    soft, hard = resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (1, hard))
    try:
        gateway.submit()
        eventually(lambda: not gateway.ready(), within=20, what="the gateway is not ready")
        yield
    finally:
        resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (soft, hard))


def test_a_gateway_that_cannot_write_its_table_says_why_it_is_not_ready(system: System) -> None:
    gateway = system.gateway()
    with full_disk(gateway):
        answer = gateway.ask("GET", "/ready")
        assert answer.status_code == 503
        [reason] = answer.json()["reasons"]
        assert reason.startswith("the status table does not follow its topic: ")
        assert "File too large" in reason  # the system's words; of a disk, "No space left on device"


def test_what_is_in_the_table_is_told_while_the_disk_is_full_and_nothing_is_called_unknown(system: System) -> None:
    gateway = system.gateway()
    known = gateway.submit()
    assert gateway.status(known)["status"] == "PENDING"
    with full_disk(gateway):
        later = gateway.submit()
        assert gateway.ask("GET", f"/tasks/{later}").status_code == 503
        assert gateway.status(known)["status"] == "PENDING"


def test_a_gateway_follows_again_when_the_disk_has_room_without_a_restart(system: System) -> None:
    gateway = system.gateway()
    with full_disk(gateway):
        meanwhile = gateway.submit()
    eventually(gateway.ready, within=_RECOVERED_WITHIN, what="the gateway is ready again")
    assert gateway.status(meanwhile)["status"] == "PENDING"
    assert gateway.status(gateway.submit())["status"] == "PENDING"
    assert gateway.process.running
