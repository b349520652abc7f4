"""The two lanes: who submits with priority high is begun next, and who does not is still begun."""

import time
import uuid

from gateway.keys import add_key
from schemas.topics import FILINGS, FILINGS_PRIORITY
from tests.system.parts import System
from tests.system.test_back_pressure import Upstream, ended
from tests.waiting import eventually

_BACKED_UP = 500
_ONE_FILINGS_TIME = 1.0
"""How long a `paced` filing takes."""
_STANDARD, _URGENT = 30, 300
_SHARE = 0.15
"""Of the fifth, which the gate's own tests are exact about: on a busy machine the lone partition's next filing may be
at the gate a moment late, and lose a turn."""


def begun(system: System, name: str) -> float:
    """When a filing of the `scripted` analysis was begun."""
    return float((system.analyses / f"{name}.began").read_text().split()[1])


def test_a_priority_filing_is_begun_within_one_filings_time_while_five_hundred_of_the_standard_lane_wait(
    system: System,
) -> None:
    gateway, upstream, group = system.gateway(), Upstream(system.kafka), uuid.uuid4().hex
    _, key = add_key(system.keys, "urgent", tier="high")
    for number in range(_BACKED_UP):
        upstream.send(FILINGS, f"B{number % 50}", f"paced-{group}-{number}")
    upstream.flush()
    worker = system.worker("scripted")
    eventually(lambda: ended(worker) >= 2, within=60, what="the worker is busy with them")
    urgent = f"paced-{group}-urgent"
    task = gateway.post(key=key, ticker="URGENT", priority="high", html_content=urgent).json()["task_id"]
    accepted = time.time()
    eventually(lambda: system.executions(urgent) == 1, within=30, what="the priority filing is begun")
    assert begun(system, urgent) - accepted < 2 * _ONE_FILINGS_TIME
    assert ended(worker) < _BACKED_UP // 10
    (system.analyses / f"paced-{group}.go").touch()
    eventually(lambda: ended(worker) == _BACKED_UP + 1, within=120, what="all have ended")
    assert gateway.ask("GET", f"/tasks/{task}", key=key).json()["status"] == "SUCCESS"


def test_under_constant_priority_load_the_standard_lane_keeps_a_fifth_of_the_starts_even_from_one_partition(
    system: System,
) -> None:
    upstream, group = Upstream(system.kafka), uuid.uuid4().hex
    standard = [f"nap-{group}-standard-{number}" for number in range(_STANDARD)]
    urgent = [f"nap-{group}-urgent-{number}" for number in range(_URGENT)]
    for name in standard:
        upstream.send(FILINGS, "ALONE", name)
    for number, name in enumerate(urgent):
        upstream.send(FILINGS_PRIORITY, f"U{number % 50}", name)
    upstream.flush()
    system.worker("scripted")
    eventually(lambda: all(map(system.executions, standard + urgent)), within=120, what="all are begun")
    first, last = begun(system, standard[0]), begun(system, standard[-1])
    meanwhile = [name for name in urgent if first < begun(system, name) < last]
    assert len(meanwhile) > 2 * _STANDARD  # there was load all the time
    assert _STANDARD / (_STANDARD + len(meanwhile)) > _SHARE
