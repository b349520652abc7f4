"""A filing whose analysis hangs, grows or crashes ends by itself, and holds nobody up for longer than its limit."""

import uuid

import pytest

from schemas.topics import FILINGS_DEAD
from tests.system.parts import System, header, records

HANGING = {"analysis_seconds": 3}
GROWING = {"analysis_memory_bytes": 600 * 1024 * 1024}


@pytest.mark.parametrize(
    ("kind", "type_", "settings"),
    [
        ("hang", "analysis_timeout", HANGING),
        ("grow", "analysis_out_of_memory", GROWING),
        ("crash", "analysis_crashed", {}),
    ],
)
def test_a_filing_whose_analysis_hangs_grows_or_crashes_fails_and_is_kept_and_its_worker_goes_on(
    system: System, kind: str, type_: str, settings: dict[str, int]
) -> None:
    gateway, worker = system.gateway(), system.worker("scripted", **settings)
    name = f"{kind}-{uuid.uuid4().hex[:8]}"
    task_id = gateway.submit(ticker="LIMIT", html_content=name)
    behind = gateway.submit(ticker="LIMIT", html_content="quick")
    ended = gateway.ended(task_id)
    assert (ended["status"], ended["error"]["type"]) == ("FAILURE", type_)
    assert gateway.ended(behind)["status"] == "SUCCESS"
    assert system.executions(name) == 1
    dead = [message for message in records(system.kafka, FILINGS_DEAD) if header(message, "ce_id") == task_id]
    assert [header(message, "sigmak-dead-type") for message in dead] == [type_]
    assert worker.process.running
    assert f'sigmak_filings_dead_lettered_total{{reason="{type_}"}} 1.0' in worker.ask("/metrics").text


def test_a_worker_whose_analysis_hangs_keeps_its_partitions_and_answers(system: System) -> None:
    gateway, worker = system.gateway(), system.worker("scripted", **HANGING)
    name = f"hang-{uuid.uuid4().hex[:8]}"
    task_id = gateway.submit(ticker="HANGS", html_content=name)
    joined = worker.process.log.read_text().count("the worker has its partitions")
    while gateway.status(task_id)["status"] in {"PENDING", "PROGRESS"}:
        assert worker.ask("/live").elapsed.total_seconds() < 2
    assert gateway.status(task_id)["error"]["type"] == "analysis_timeout"
    assert worker.process.log.read_text().count("the worker has its partitions") == joined
