"""The recovery of Tables goes on when Kafka does not answer in time."""

import asyncio
from pathlib import Path

import pytest
from aiokafka.errors import KafkaTimeoutError
from faust.tables.recovery import RebalanceAgain, ServiceStopped

from streams.agents.app import WorkerApp
from streams.agents.recovery import PatientRecovery
from streams.settings import WorkerSettings


async def _nothing() -> None:
    """A drain of nothing."""


@pytest.fixture
async def recovery(tmp_path: Path) -> PatientRecovery:
    app = WorkerApp(WorkerSettings(worker_dir=tmp_path), _nothing)
    assert isinstance(app.tables.recovery, PatientRecovery)
    return app.tables.recovery


async def _never() -> None:
    await asyncio.Event().wait()


async def _late() -> None:
    raise KafkaTimeoutError


async def _cancelled() -> None:
    raise asyncio.CancelledError


async def test_what_is_not_told_in_time_is_asked_again(recovery: PatientRecovery) -> None:
    with pytest.raises(RebalanceAgain):
        await recovery._wait(_never(), timeout=0.01)
    assert recovery.signal_recovery_start.is_set()


async def test_what_a_lost_connection_cancelled_is_asked_again(recovery: PatientRecovery) -> None:
    with pytest.raises(RebalanceAgain):
        await recovery._wait(_cancelled(), timeout=5)
    assert recovery.signal_recovery_start.is_set()


async def test_what_kafka_did_not_tell_its_client_in_time_is_asked_again(recovery: PatientRecovery) -> None:
    with pytest.raises(RebalanceAgain):
        await recovery._wait(_late(), timeout=5)
    assert recovery.signal_recovery_start.is_set()


async def test_what_is_told_ends_the_waiting(recovery: PatientRecovery) -> None:
    await recovery._wait(_nothing(), timeout=5)
    assert not recovery.signal_recovery_start.is_set()


async def test_a_worker_that_stops_waits_for_nothing(recovery: PatientRecovery) -> None:
    recovery._stopped.set()
    with pytest.raises(ServiceStopped):
        await recovery._wait(_never(), timeout=0.01)
    assert not recovery.signal_recovery_start.is_set()


async def test_whoever_is_cancelled_itself_ends(recovery: PatientRecovery) -> None:
    waiting = asyncio.create_task(recovery._wait(_never(), timeout=5))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not recovery.signal_recovery_start.is_set()
